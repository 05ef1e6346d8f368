package apigateway

func (s *stack) serverless() {}
func (s *stack) storage()    {}
