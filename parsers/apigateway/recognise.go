package apigateway

import (
	"bytes"
	"path"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// format is what a file is written in.
type format uint8

const (
	notOurs format = iota
	cloudFormationTemplate
	openAPIDocument
	serverlessService
	terraformModule
	anotherGateway // which is named, and not read
)

// recognise tells a file's format by marks that no other kind of file has. It searches bytes and parses nothing: a tree
// holds thousands of YAML and JSON files.
func recognise(f *source.File) format {
	data := f.Data
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".tf":
		if bytes.Contains(data, []byte(`"aws_`)) {
			return terraformModule
		}
		if isUnmodelled(data) {
			return anotherGateway
		}
		return notOurs
	}
	switch {
	case bytes.Contains(data, []byte(extension)) && hasKey(data, "openapi", "swagger") && !hasKey(data, "Resources"):
		return openAPIDocument
	case bytes.Contains(data, []byte("AWS::")) && hasKey(data, "Resources") && mentionsService(data):
		return cloudFormationTemplate
	case hasKey(data, "service") && hasKey(data, "provider") && bytes.Contains(data, []byte("aws")):
		return serverlessService
	case isUnmodelled(data):
		return anotherGateway
	}
	return notOurs
}

// services are the resource types that are read.
var services = [...]string{
	"AWS::ApiGateway::", "AWS::ApiGatewayV2::", "AWS::Serverless::", "AWS::Lambda::Url", "AWS::S3::Bucket", "AWS::CloudFront::",
	"AWS::ElasticLoadBalancingV2::Listener",
}

func mentionsService(data []byte) bool {
	for _, s := range services {
		if bytes.Contains(data, []byte(s)) {
			return true
		}
	}
	return false
}

// hasKey reports whether a document has one of the keys at its top, as far as can be told without parsing: at the start of
// a line in YAML, in quotes in JSON.
func hasKey(data []byte, keys ...string) bool {
	for _, key := range keys {
		for from := 0; ; {
			at := bytes.Index(data[from:], []byte(key))
			if at < 0 {
				break
			}
			at += from
			from = at + len(key)
			if keyAt(data, at, from) {
				return true
			}
		}
	}
	return false
}

func keyAt(data []byte, from, to int) bool {
	before, after := byte('\n'), byte(0)
	if from > 0 {
		before = data[from-1]
	}
	if to < len(data) {
		after = data[to]
	}
	if before == '"' || before == '\'' {
		return after == before
	}
	atStart := before == '\n' || before == '\r' || before == '{' || before == 0xBF || before == ' ' && from >= 2 && data[from-2] == '{'
	return atStart && (after == ':' || after == ' ')
}
