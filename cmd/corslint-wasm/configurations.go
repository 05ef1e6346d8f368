//go:build js && wasm && configurations

package main

import (
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
)

func dialects() []parsers.Dialect {
	return []parsers.Dialect{nginx.Dialect{}, apigateway.Dialect{}, openapi.Dialect{}, layerfile.Dialect{}}
}
