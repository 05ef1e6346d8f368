//go:build js && wasm && !configurations && !nginx

package main

import (
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
)

func dialects() []parsers.Dialect {
	node := express.Dialect{}
	return []parsers.Dialect{nginx.Dialect{}, apigateway.Dialect{Functions: node.Functions}, node, openapi.Dialect{}, client.Dialect{}, layerfile.Dialect{}}
}
