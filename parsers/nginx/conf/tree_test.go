package conf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// dump prints a tree: a line for each node, its words in brackets, ? before one with a placeholder.
func dump(body []*Directive, indent string) string {
	var b strings.Builder
	for _, d := range body {
		b.WriteString(indent)
		switch d.Kind {
		case Statement:
			for _, w := range append([]Word{d.Word}, d.Args...) {
				if !w.Known() {
					b.WriteByte('?')
				}
				fmt.Fprintf(&b, "[%s]", w.Value)
			}
		case Substituted:
			b.WriteString("substituted " + d.Word.Placeholders[0].Expr)
		case Control:
			b.WriteString("control " + d.Word.Placeholders[0].Expr)
		}
		if d.HasBlock {
			b.WriteString(" {")
		}
		if !d.Code.IsZero() {
			fmt.Fprintf(&b, " lua %d bytes", len(d.Code.Text()))
		}
		b.WriteByte('\n')
		b.WriteString(dump(d.Body, indent+"  "))
		for _, f := range d.Included {
			b.WriteString(indent + "  from " + f.Path + "\n" + dump(f.Body, indent+"    "))
		}
	}
	return b.String()
}

func problems(f *File) string {
	var b strings.Builder
	for f := range f.All() {
		for _, p := range f.Problems {
			pos := p.Span.Position()
			fmt.Fprintf(&b, "%s:%d:%d: %s: %s", p.Span.Path(), pos.Line, pos.Column, p.Kind, p.Text)
			if p.Hint != "" {
				fmt.Fprintf(&b, " (%s: %s)", p.Hint, p.HintSpan.Text())
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestPositions(t *testing.T) {
	f := read("# héé\r\nserver {\r\n\tadd_header 'Vary'\r\n\t\t\"é\\\"\" always;\r\n}\r\n")
	d := f.Body[0].Body[0]
	got := fmt.Sprintln(d.Line, d.Span.Position(), d.Args[1].Span.Position(), d.Args[1].Span.EndPosition(), d.Args[1].Value,
		d.Span.EndPosition().Line, f.Body[0].Span.EndPosition(), f.Comments[0].Text, d.Parameters[1])
	equal(t, got, `3 {3 2 2} {4 3 3} {4 8 8} é" 4 {5 2 2} héé {"é\"" 1}`)
	if found := f.Tree.FindDirectives("add_header"); len(found) != 1 || found[0] != d || found[0].GetParent() != f.Body[0] {
		t.Errorf("gonginx's search finds %v", found)
	}
}

func TestLua(t *testing.T) {
	f := read("content_by_lua_block {\n local t = {{1}, \"}\", [[ } ]], [=[ ]] } ]=], '\\'}'} -- }\n --[[ } ]] }\nlisten 80;")
	equal(t, dump(f.Body, "")+problems(f), "[content_by_lua_block] { lua 69 bytes\n[listen][80]")
	equal(t, problems(read("a_by_lua_block { { }\n")),
		`nginx.conf:2:1: parse error: unexpected end of file, expecting "}" (this block of Lua code is never closed: a_by_lua_block)`)
}

func TestMissingSemicolon(t *testing.T) {
	f := read(`server {
    add_header A b
    add_header C d;
    server_name a.example
    root /srv;
    server_name b.example
                c.example;
    return 204
}`)
	Check(f, HTTP)
	equal(t, problems(f), `
nginx.conf:2:5: rejected: invalid number of arguments in "add_header" directive (a ; is missing after this word: b)
nginx.conf:5:5: suspicious: "root" starts a line but is read as an argument of "server_name" (a ; is missing after this word: a.example)
nginx.conf:9:1: parse error: unexpected "}" (a ; is missing after this word: 204)`)
}

func TestCheck(t *testing.T) {
	f := read("\ufeffuser a;\n" + `http {
    gzip maybe;
    map $a $b { x { } y z w; hostnames; }
    server {
        if ($a) { add_header A b; }
        if($a) { set $b c; }
        location /a;
        location ~~ /b { map $a $b { } }
        location /c {
            add_header A b ALWAYS;
            add_header A ${b;
            add_header A $;
            add_header A "${a}";
            set b c;
            return abc;
            return 1000;
            if (a) { }
            if ($a == b) { }
            if ( $a = b ) { if (-f $a) { } }
            if (!-e $a) { footer x; }
        }
        more_set_headers "A: b";
        brotli on;
        footer_of_some_module x y;
    }
}`)
	Check(f, Main)
	equal(t, problems(f), `
nginx.conf:1:1: rejected: unknown directive "`+"\ufeff"+`user" (the file starts with a byte order mark, which nginx does not skip: )
nginx.conf:3:10: rejected: invalid value "maybe" in "gzip" directive, it must be "on" or "off"
nginx.conf:4:19: rejected: unexpected "{"
nginx.conf:4:23: rejected: invalid number of the map parameters
nginx.conf:6:19: rejected: "add_header" directive is not allowed here
nginx.conf:7:9: rejected: unknown directive "if($a)" (a space is missing before the parenthesis: )
nginx.conf:8:9: rejected: directive "location" has no opening "{"
nginx.conf:9:18: rejected: invalid location modifier "~~"
nginx.conf:9:26: rejected: "map" directive is not allowed here
nginx.conf:11:28: rejected: invalid parameter "ALWAYS"
nginx.conf:12:26: rejected: the closing bracket in "b" variable is missing
nginx.conf:13:26: rejected: invalid variable name
nginx.conf:15:17: rejected: invalid variable name "b"
nginx.conf:16:20: rejected: invalid return code "abc"
nginx.conf:17:20: rejected: invalid return code "1000"
nginx.conf:18:17: rejected: invalid condition "a"
nginx.conf:19:20: rejected: unexpected "==" in condition
nginx.conf:20:29: rejected: "if" directive is not allowed here`)
}

func TestParts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`a`, `literal(a)@a`},
		{`""`, ``},
		{`"https://$Host:${server_port}/$1x"`, `literal(https://)@https:// variable(host)@$Host literal(:)@: variable(server_port)@${server_port} literal(/)@/ capture(1)@$1 literal(x)@x`},
		{`"\"$a\\b$c"`, `literal(")@\" variable(a)@$a literal(\b)@\\b variable(c)@$c`},
		{`$a-{{ .b }}\"$c`, `variable(a)@$a literal(-)@- unknown(.b)@{{ .b }} literal(")@\" variable(c)@$c`},
		{`$0`, `variable(0)@$0`},
		{`$a{{ .b }}`, `unknown(.b)@$a{{ .b }}`},
		{`x${{ .b }}y`, `literal(x)@x unknown(.b)@${{ .b }} literal(y)@y`},
		{`${a_{{ .b }}}`, `unknown(.b)@${a_{{ .b }} literal(})@}`},
		{`$__NAME__`, `unknown(NAME)@$__NAME__`},
		{`a$`, `literal(a)@a error`},
		{`"${"`, `error`},
		{`"${}"`, `error`},
		{`$-`, `error`},
	} {
		f := read("x " + c.text + ";")
		parts, err := f.Body[0].Args[0].Parts()
		var got []string
		for _, p := range parts {
			got = append(got, fmt.Sprintf("%s(%s)@%s", [...]string{"literal", "variable", "capture", "unknown"}[p.Kind], p.Text, p.Span.Text()))
		}
		if err != nil {
			got = append(got, "error")
		}
		equal(t, strings.Join(got, " "), c.want)
	}
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"envsubst", "listen ${PORT};\nserver_name $HOST ${x}_${NAME:-a};\n${EXTRA}\nset $OWN 1; return 200 $OWN;", `
[listen]?[${PORT}]
[server_name]?[$HOST]?[${x}_${NAME:-a}]
substituted EXTRA
[set][$OWN][1]
[return][200][$OWN]`},
		{"jinja", "{# a } #}\nserver {\n{% for p in ports %}\n  listen {{ p['}}'] }};\n{% endfor %}\n{{ extra }}\nroot \"/srv/{{ {'a': {'b': 1}} }}\";\n}", `
[server] {
  control for p in ports
  [listen]?[{{ p['}}'] }}]
  control endfor
  substituted extra
  [root]?[/srv/{{ {'a': {'b': 1}} }}]`},
		{"helm", "{{- /* it's { */ -}}\n{{- $x := 1 }}\n{{ if .Values.cors -}}\nadd_header A {{ .Values.origin | quote }}{{ if .always }} always{{ end }};\n{{- end }}\n{{ include \"x\" . | nindent 2 }}\n{{ .name }} on;", `
control if .Values.cors
[add_header][A]?[{{ .Values.origin | quote }}{{ if .always }}]?[always{{ end }}]
control end
substituted include "x" . | nindent 2
?[{{ .name }}][on]`},
		{"erb", "listen <%= @port %>;\n<% if @a %>\nroot /;\n<% end %>\nindex [[ .Index ]] __NAME__ @@PORT@@;\nreturn 200 [[:alpha:]];", `
[listen]?[<%= @port %>]
control if @a
[root][/]
control end
[index]?[[[ .Index ]]]?[__NAME__]?[@@PORT@@]
[return][200][[[:alpha:]]]`},
		{"kong", "> if a then\nuser ${{USER}};\n$(el.name) $(el.value);\n> end\nevents { }", "control if a then\n[user]?[${{USER}}]\n?[$(el.name)]?[$(el.value)]\ncontrol end\n[events] {"},
		{"unreadable", "{% if a %}\nserver {\n{% else %}\nhttp {\n{% endif %}\n}", ""},
		{"not closed", "location / { return 200 \"{{\"; }\nlocation /b { }", "[location][/] {\n  [return][200][{{]\n[location][/b] {"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Read(source.NewFile("nginx.conf.template", []byte(c.text)))
			if c.name == "unreadable" {
				equal(t, problems(f), `nginx.conf.template:6:2: gap: template that could not be read: unexpected end of file, expecting "}" (this block is never closed: server)`)
				return
			}
			equal(t, dump(f.Body, "")+problems(f), c.want)
		})
	}
}

func TestLimits(t *testing.T) {
	deep := read(strings.Repeat("a{", 1_000_000))
	if len(deep.Problems) != 1 || deep.Problems[0].Kind != LimitPassed || !deep.Broken {
		t.Errorf("a million blocks: %v", deep.Problems)
	}
	Check(deep, HTTP)
	huge := Read(source.NewFile("x", make([]byte, maxFileSize+1)))
	if len(huge.Problems) != 1 || huge.Problems[0].Kind != LimitPassed {
		t.Errorf("a huge file: %v", huge.Problems)
	}
	for _, text := range []string{"{{", "${A:", "[[ ", "@A", "__A", "{%", "a\n\"", "<% '"} {
		Recognise(source.NewFile("nginx.conf.template", []byte(strings.Repeat(text, 1_000_000))))
	}
}

func TestRecognise(t *testing.T) {
	for _, c := range []struct{ name, path, text, want string }{
		{"whole", "nginx.conf", "events {}\nhttp { }\n", "main"},
		{"server", "conf.d/a.conf", "server { listen 80; location / { proxy_pass http://a; } }\n", "http"},
		{"location", "cors.conf", "add_header A b;\nif ($request_method = OPTIONS) { add_header B c; return 204; }\n", "location"},
		{"locations", "a.conf", "location / { return 204; }\n", "server"},
		{"upstream", "nginx/backends.conf", "server a:80 weight=2;\nserver b:80;\nkeepalive 8;\n", "upstream"},
		{"named", "a.conf", "# corslint: context http\nadd_header A b;\n", "http"},
		{"broken", "nginx.conf", "server {\n listen 80;\n add_header A \"b\"c;\n root /srv;\n}\n", "location"},
		{"apache", "httpd.conf", "<VirtualHost *:80>\n ServerName a\n Header set Access-Control-Allow-Origin \"*\"\n</VirtualHost>\n", ""},
		{"apache include", "a.conf", "Listen 80\nInclude conf/*.conf\n", ""},
		{"supervisord", "supervisord.conf", "[program:nginx]\ncommand=nginx -g 'daemon off;'\nuser=root\n", ""},
		{"logrotate", "nginx", "/var/log/nginx/*.log {\n daily\n create 0640 www-data adm\n postrotate\n  kill -USR1 `cat /run/nginx.pid`;\n endscript\n}\n", ""},
		{"bind", "named.conf", "options { directory \"/var\"; listen-on { any; }; };\nzone \"a\" { type master; file \"b\"; };\ninclude \"/etc/c\";\n", ""},
		{"haproxy", "haproxy.cfg", "global\n daemon\n user haproxy\nfrontend a\n bind *:80\n default_backend b\n", ""},
		{"json", "a.json", "{\"server\": {\"location\": \"a;\"}}\n", ""},
		{"shell", "a.sh", "#!/bin/sh\nset -e\nif [ -f a ]; then return 1; fi\n", ""},
		{"javascript", "a.js", "if (a) { return 1; }\nbreak;\nset(a);\n", ""},
		{"css", "a.css", "body { color: red; }\n", ""},
		{"lighttpd", "lighttpd.conf", "server.port = 80\nserver.modules = ( \"mod_a\" )\n$HTTP[\"host\"] == \"a\" { server.name = \"b\" }\n", ""},
		{"binary", "nginx.conf", "\x7fELF\x00 server { listen 80; }", ""},
		{"empty", "nginx.conf", "", ""},
	} {
		r := Recognise(source.NewFile(c.path, []byte(c.text)))
		got := r.Context.String()
		if (r.File == nil) != (got == "") || got != c.want && c.name != "broken" || (c.want != "") != (r.File != nil) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range trickyFiles() {
		f.Add(text)
	}
	f.Add("{% if a %}a {{ b }} \"${C}\" [[ d ]];{{/* e */}}x_by_lua_block { [[ ]] }")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("fuzz.conf.template", []byte(text))
		r := Read(file)
		inside := func(s source.Span) {
			if s.Start < 0 || s.End < s.Start || s.End > len(text) || s.File != file {
				t.Fatalf("span %d-%d of %d bytes", s.Start, s.End, len(text))
			}
		}
		for d := range Walk(r.Body) {
			inside(d.Span)
			inside(d.Head)
			for _, w := range append([]Word{d.Word}, d.Args...) {
				inside(w.Span)
				parts, _ := w.Parts()
				for _, p := range parts {
					inside(p.Span)
				}
			}
			Condition(d.Args)
		}
		Check(r, Main)
		for _, p := range r.Problems {
			inside(p.Span)
		}
		for _, c := range r.Comments {
			inside(c.Span)
		}
		Recognise(file)
	})
}

func BenchmarkRead(b *testing.B) {
	file := source.NewFile("a.conf", []byte(strings.Repeat("location /a { # é\n  add_header Access-Control-Allow-Origin \"$cors\" always;\n  proxy_pass http://backend;\n}\n", 50)))
	b.SetBytes(int64(len(file.Data)))
	b.ReportAllocs()
	for b.Loop() {
		Read(file)
	}
}

func BenchmarkRecogniseOther(b *testing.B) {
	file := source.NewFile("a.conf", []byte(strings.Repeat("ServerName www.example.com\n<Directory />\n", 5000)))
	b.SetBytes(int64(len(file.Data)))
	for b.Loop() {
		Recognise(file)
	}
}

// Between a template's control tags a directive's place proves nothing.
func TestControlledContext(t *testing.T) {
	f := read("{{ define \"server\" }}\nlocation / { add_header A {{ .origin }}; return 204; }\n{{ end }}\n")
	Check(f, Main)
	location := f.Body[1]
	if got := problems(f); got != "" || location.Schema == nil || location.Body[0].Context != Location {
		t.Errorf("%s%v %s", got, location.Schema, location.Body[0].Context)
	}
}
