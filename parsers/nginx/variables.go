package nginx

import (
	"regexp"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// variables resolves nginx's variables to expressions of one program.
type variables struct {
	program *policy.Program
	index   map[string]int
	// maps and settable are defined anywhere in the configuration: nginx's variables are global.
	maps     map[string]*conf.Directive
	settable map[string]bool
	// constants are the values of variables that one directive of the server gives, always the same.
	constants map[string]string
	// joinOrigin: several lines of a request header are one value (nginx 1.23 and later).
	joinHeaders bool
	serverName  string
	proxyHost   string
	gap         func(source.Span, string)
}

// slot returns the index of a variable that steps set, and makes it when there is none.
func (v *variables) slot(name string) int {
	if i, ok := v.index[name]; ok {
		return i
	}
	i := len(v.program.Vars)
	v.program.Vars = append(v.program.Vars, policy.Var{Name: name})
	v.index[name] = i
	return i
}

// expr returns a word with its variables as an expression.
func (v *variables) expr(w conf.Word) policy.Expr {
	parts, err := w.Parts()
	if err != nil {
		v.gap(w.Span, err.Error())
		return unknownVariable(w.Value, w.Span)
	}
	exprs := make(policy.Concat, 0, len(parts))
	for _, p := range parts {
		switch p.Kind {
		case conf.Literal:
			exprs = append(exprs, policy.Text(p.Text))
		case conf.Variable:
			exprs = append(exprs, v.named(p.Text, p.Span))
		case conf.Capture:
			exprs = append(exprs, policy.Capture(p.Text[0]-'0'))
		case conf.Unknown:
			exprs = append(exprs, &policy.UnknownExpr{Unknown: policy.Unknown{
				Kind: policy.UnknownPlaceholder, Subject: strings.TrimSpace(p.Text), Span: p.Span}})
		}
	}
	switch len(exprs) {
	case 0:
		return policy.Text("")
	case 1:
		return exprs[0]
	}
	return exprs
}

// literal returns a word's text when no variable is in it.
func literal(w conf.Word) (string, bool) {
	return w.Value, w.Known() && !strings.Contains(w.Value, "$")
}

// builtins are the variables that a request or its answer gives.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#variables
var builtins = map[string]policy.Expr{
	"request_method": policy.Method, "uri": policy.Path, "document_uri": policy.Path,
	"args": policy.Query, "query_string": policy.Query, "request_uri": policy.Target,
	"scheme": policy.Scheme, "host": policy.HostName, "server_port": policy.Port,
	"status": policy.ResponseStatus{}, "content_type": &policy.RequestHeader{Name: "content-type"},
	"remote_user": policy.Text(""), "limit_rate": policy.Text("0"),
}

// named returns the expression for a variable; one that nothing defines is unknown.
func (v *variables) named(name string, span source.Span) policy.Expr {
	if e, ok := builtins[name]; ok {
		return e
	}
	switch {
	case name == "server_name":
		return policy.Text(v.serverName)
	case name == "proxy_host":
		return policy.Text(v.proxyHost)
	case name == "is_args":
		return v.isArgs()
	case name == "https":
		return v.https()
	case strings.HasPrefix(name, "http_"):
		return &policy.RequestHeader{Name: headerName(name[len("http_"):]), Join: v.joinHeaders}
	case strings.HasPrefix(name, "sent_http_"):
		return &policy.ResponseHeader{Name: headerName(name[len("sent_http_"):])}
	case strings.HasPrefix(name, "upstream_http_"):
		return &policy.ResponseHeader{Name: headerName(name[len("upstream_http_"):])}
	case strings.HasPrefix(name, "arg_"):
		return policy.Arg(name[len("arg_"):])
	case strings.HasPrefix(name, "cookie_"):
		return policy.Cookie(name[len("cookie_"):])
	}
	if i, ok := v.index[name]; ok {
		return policy.Variable(i)
	}
	if d, ok := v.maps[name]; ok {
		return v.mapped(name, d)
	}
	if v.settable[name] {
		return policy.Variable(v.slot(name))
	}
	return unknownVariable("$"+name, span)
}

func headerName(variable string) string { return strings.ReplaceAll(variable, "_", "-") }

func unknownVariable(subject string, span source.Span) policy.Expr {
	return &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: subject, Span: span}}
}

// isArgs is "?" when there is a query.
func (v *variables) isArgs() policy.Expr {
	return &policy.Lookup{Key: policy.Query, Table: &policy.Table{Name: "$is_args",
		Exact: map[string]*policy.Entry{"": {Value: policy.Text("")}}, Default: &policy.Entry{Value: policy.Text("?")}}}
}

// https is "on" for a request over TLS.
func (v *variables) https() policy.Expr {
	return &policy.Lookup{Key: policy.Scheme, Table: &policy.Table{Name: "$https",
		Exact: map[string]*policy.Entry{"https": {Value: policy.Text("on")}}}}
}

// define collects what a body and the bodies in it define: maps and the like, and variables that are set.
func (v *variables) define(body []*conf.Directive) {
	for d := range conf.Walk(body) {
		for _, f := range d.Included {
			v.define(f.Body)
		}
		v.defineCaptures(d.Word)
		for _, w := range d.Args {
			v.defineCaptures(w)
		}
		switch d.Name {
		case "map", "geo", "split_clients", "geoip2":
			if len(d.Args) > 0 {
				v.maps[variableName(d.Args[len(d.Args)-1])] = d
			}
		case "set", "auth_request_set":
			if len(d.Args) > 0 {
				v.settable[variableName(d.Args[0])] = true
			}
		}
	}
}

var namedCapture = regexp.MustCompile(`\(\?P?[<'](\w+)[>']`)

// defineCaptures collects the variables that the named captures of an expression set.
func (v *variables) defineCaptures(w conf.Word) {
	if !strings.Contains(w.Value, "(?") {
		return
	}
	for _, m := range namedCapture.FindAllStringSubmatch(w.Value, -1) {
		v.settable[strings.ToLower(m[1])] = true
	}
}

// constant notes that a directive of the server may give a variable its value.
func (v *variables) constant(d *conf.Directive) {
	if d.Name != "set" && d.Name != "auth_request_set" || len(d.Args) != 2 {
		return
	}
	name := variableName(d.Args[0])
	_, again := v.constants[name]
	value, known := literal(d.Args[1])
	if again || !known || d.Name != "set" {
		value = "" // which stands for none
	}
	v.constants[name] = value
}

var variable = regexp.MustCompile(`\$(?:(\w+)|\{(\w+)\})`)

// expanded returns the word with constants in the place of their variables.
func (v *variables) expanded(w conf.Word) conf.Word {
	if !w.Known() {
		return w
	}
	w.Value = variable.ReplaceAllStringFunc(w.Value, func(name string) string {
		if value, ok := v.constants[strings.ToLower(strings.Trim(name, "${}"))]; ok && value != "" {
			return value
		}
		return name
	})
	return w
}

func variableName(w conf.Word) string { return strings.ToLower(strings.TrimPrefix(w.Value, "$")) }

// mapped makes the variable that a map block defines.
func (v *variables) mapped(name string, d *conf.Directive) policy.Expr {
	i := v.slot(name) // before its definition is read: a map may name itself
	v.program.Vars[i].Define = policy.Text("")
	if d.Name == "map" && len(d.Args) == 2 {
		v.program.Vars[i].Define = &policy.Lookup{Table: v.table(d), Key: v.expr(d.Args[0])}
	} else {
		v.program.Vars[i].Define = unknownVariable("$"+name, d.Head)
	}
	return policy.Variable(i)
}

// table reads the body of a map block.
// https://nginx.org/en/docs/http/ngx_http_map_module.html#map
func (v *variables) table(d *conf.Directive) *policy.Table {
	t := &policy.Table{Name: "map " + d.Args[1].Value, Span: d.Head, FoldCase: true, SkipEmpty: true, Exact: map[string]*policy.Entry{}}
	rows, hostnames := mapRows(d)
	for _, row := range rows {
		if row.Kind != conf.Statement { // a template's tag: whatever it stands for may be chosen
			t.Default = &policy.Entry{Value: unknownVariable(d.Args[1].Value, row.Span), Span: row.Span}
			continue
		}
		if len(row.Args) != 1 {
			continue
		}
		entry := policy.Entry{Value: v.expr(row.Args[0]), Span: row.Head}
		v.row(t, row.Word, entry, hostnames)
	}
	sortLongestFirst(t.Prefixes)
	sortLongestFirst(t.Suffixes)
	return t
}

// mapRows returns the rows of a map block, those of included files in their place, and whether its keys are host names.
func mapRows(d *conf.Directive) (rows []*conf.Directive, hostnames bool) {
	var collect func(body []*conf.Directive)
	collect = func(body []*conf.Directive) {
		for _, row := range body {
			switch {
			case row.Name == "hostnames" && len(row.Args) == 0:
				hostnames = true
			case row.Name == "volatile" && len(row.Args) == 0:
			case row.Name == "include" && len(row.Args) == 1:
				for _, f := range row.Included {
					collect(f.Body)
				}
			default:
				rows = append(rows, row)
			}
		}
	}
	collect(d.Body)
	return rows, hostnames
}

func (v *variables) row(t *policy.Table, key conf.Word, entry policy.Entry, hostnames bool) {
	text := key.Value
	switch {
	case !key.Known():
		// The key is a template's: the table is unknown for whatever no other row takes.
		t.Default = &policy.Entry{Value: unknownVariable(t.Name, key.Span), Span: key.Span}
	case text == "default" && key.Quote == 0 || text == "default":
		t.Default = &entry
	case strings.HasPrefix(text, "~"):
		fold := strings.HasPrefix(text, "~*")
		pattern := strings.TrimPrefix(strings.TrimPrefix(text, "~"), "*")
		if !fold {
			pattern = text[1:]
		}
		compiled, err := policy.CompilePattern(pattern, policy.PCRE, fold)
		if err != nil {
			v.gap(key.Span, "an expression that corslint cannot read: "+err.Error())
			t.Default = &policy.Entry{Value: unknownVariable(t.Name, key.Span), Span: key.Span}
			return
		}
		t.Patterns = append(t.Patterns, policy.PatternEntry{Pattern: compiled, Named: v.namedCaptures(compiled), Entry: entry})
	case hostnames:
		v.hostRow(t, strings.ToLower(text), entry)
	default:
		t.Exact[strings.ToLower(strings.TrimPrefix(text, `\`))] = &entry
	}
}

// hostRow adds a row of a map whose keys are host names.
func (v *variables) hostRow(t *policy.Table, text string, entry policy.Entry) {
	switch {
	case strings.HasPrefix(text, "."):
		t.Exact[text[1:]] = &entry
		t.Suffixes = append(t.Suffixes, policy.TextEntry{Text: text, Entry: entry})
	case strings.HasPrefix(text, "*."):
		t.Suffixes = append(t.Suffixes, policy.TextEntry{Text: text[1:], Entry: entry})
	case strings.HasSuffix(text, ".*"):
		t.Prefixes = append(t.Prefixes, policy.TextEntry{Text: text[:len(text)-1], Entry: entry})
	default:
		t.Exact[strings.TrimPrefix(text, `\`)] = &entry
	}
}

// namedCaptures returns the variables that a pattern's named captures set.
func (v *variables) namedCaptures(p *policy.Pattern) map[int]int {
	var named map[int]int
	for number, name := range p.Names() {
		if name == "" {
			continue
		}
		if named == nil {
			named = map[int]int{}
		}
		named[number] = v.slot(strings.ToLower(name))
	}
	return named
}
