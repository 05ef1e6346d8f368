package client

import "github.com/corslint/corslint/analyzers/contract"

// proxied returns the rule that forwards a path.
func (r *reader) proxied(*application, string) *contract.Proxy { return nil }
