// Package schema holds the JSON Schemas of what corslint reads and prints. It lies here, and not below internal, so that
// a schema has one copy, at the address that its $id names: go:embed reaches no file above its package.
package schema

import _ "embed"

//go:embed config.schema.json
var config string

// Config returns the schema of .corslint.yml.
func Config() string { return config }
