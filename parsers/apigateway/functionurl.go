package apigateway

import "github.com/corslint/corslint/analyzers/policy"

func (r *reading) lowerFunctionURL(u *functionURL) *policy.Layer { return nil }
