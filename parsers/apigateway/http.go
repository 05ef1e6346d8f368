package apigateway

import "github.com/corslint/corslint/analyzers/policy"

func (r *reading) lowerHTTP(api *httpAPI) *policy.Layer { return nil }
