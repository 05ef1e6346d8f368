package nginx_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/corslint/corslint/internal/differential"
)

// generator writes configurations as people write them, and requests that tell their answers apart. The same seed gives the
// same text.
type generator struct {
	*rand.Rand
	n        int    // number of the configuration, in the names that must be its own
	upstream string // host:port of the upstream
	root     string // a directory with the files of the document root
	users    string // a password file: user u, password p
}

func (g *generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

// chance is true in one of n cases.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// configuration returns what stands at http level: maps, an upstream group, one or two servers that listen on a port.
func (g *generator) configuration(port int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "map $http_origin $cors%d {\n%s}\n", g.n, g.mapRows())
	fmt.Fprintf(&b, "map \"$request_method:$http_origin\" $both%d {\n  default no;\n  \"~^(GET|PUT):https://a\\.example$\" yes;\n  ~*^options: preflight;\n}\n", g.n)
	fmt.Fprintf(&b, "upstream group%d { server %s; }\n", g.n, g.upstream)
	names := fmt.Sprintf("s%d.example", g.n)
	if g.chance(6) {
		names += fmt.Sprintf(" *.s%d.example", g.n)
	}
	b.WriteString(g.server(port, names))
	if g.chance(8) {
		b.WriteString(g.server(port, fmt.Sprintf("~^(?<tenant>\\w+)\\.t%d\\.example$", g.n)))
	}
	return b.String()
}

func (g *generator) mapRows() string {
	rows := []string{"https://a.example $http_origin;", "https://b.example https://b.example;", `"~^https://[a-z]+\.a\.example$" $http_origin;`,
		`~*//.*\.B\.example $http_origin;`, "~^https?://(?<sub>\\w+)\\.c\\.example$ https://$sub.c.example;", `"" none;`, "null 1;"}
	g.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rows = rows[:1+g.IntN(len(rows))]
	if !g.chance(4) {
		rows = append(rows, "default "+g.pick(`""`, "*", "https://d.example", "0")+";")
	}
	return "  " + strings.Join(rows, "\n  ") + "\n"
}

func (g *generator) server(port int, names string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server {\n  listen 127.0.0.1:%d;\n  server_name %s;\n  set $allow \"\";\n  root %s;\n", port, names, g.root)
	for range g.IntN(3) {
		b.WriteString("  " + g.pick(
			g.header(), g.header(), "set $allow https://srv.example;", "if ($request_method = OPTIONS) { return 204; }",
			"if ($http_origin = https://b.example) { set $allow $http_origin; }", "rewrite ^/old/(.*)$ /api/$1;",
			"if ($http_origin ~* (evil)) { return 403; }") + "\n")
	}
	for _, once := range []string{"error_page 404 /err.html;", "error_page 500 502 =200 @named;", "absolute_redirect off;", "port_in_redirect off;",
		"gzip on; gzip_vary on;", "merge_slashes off;", "recursive_error_pages on;", "proxy_hide_header Vary;", "expires 1h;", "more_set_headers 'Access-Control-Max-Age: 5';"} {
		if g.chance(12) {
			b.WriteString("  " + once + "\n")
		}
	}
	matches := []string{"/", "/api/", "/api", "= /api", "^~ /st/", `~ \.css$`, "~* ^/(api|v1)/(.*)$", "/dir/", "/cors/", "/e404/", "/z/", "= /", `~ ^/(?<name>\w+)/x$`, "= /auth"}
	g.Shuffle(len(matches), func(i, j int) { matches[i], matches[j] = matches[j], matches[i] })
	auth := false
	for _, match := range matches[:1+g.IntN(6)] {
		if match == "= /auth" {
			auth = true
			b.WriteString("  location = /auth { internal; " + g.pick("return 204;", "return 401;", "return 403;", "if ($http_authorization) { return 204; } return 401;") + " }\n")
			continue
		}
		b.WriteString(g.location(match, "  ", 0))
	}
	if !auth {
		b.WriteString("  location = /auth { internal; proxy_pass http://" + g.upstream + "/auth; }\n")
	}
	b.WriteString("  location @named { " + g.pick(g.header(), "") + " " + g.pick("return 204;", "proxy_pass http://"+g.upstream+";", "return 200 named;") + " }\n")
	return b.String() + "}\n"
}

// header writes one add_header.
func (g *generator) header() string {
	always := g.pick(" always", "")
	cors := fmt.Sprintf("$cors%d", g.n)
	switch g.IntN(8) {
	case 0:
		return "add_header Access-Control-Allow-Credentials true" + always + ";"
	case 1:
		return `add_header Access-Control-Allow-Methods "` + g.pick("GET, PUT", "GET, POST, OPTIONS", "$http_access_control_request_method") + `"` + always + ";"
	case 2:
		return "add_header Vary " + g.pick("Origin", "'Origin, Accept'") + always + ";"
	case 3:
		return "add_header " + g.pick("Cache-Control no-store", "X-Frame-Options DENY", "Access-Control-Max-Age 600") + always + ";"
	}
	return "add_header 'Access-Control-Allow-Origin' " + g.pick("*", "'https://a.example'", "$http_origin", `"$http_origin"`, cors, cors, "$allow", "$1", "$scheme://$host", `""`) + always + ";"
}

// branch writes an if of a location.
func (g *generator) branch() string {
	condition := g.pick("$request_method = 'OPTIONS'", "$request_method = OPTIONS", "$request_method != GET", "$request_method ~ ^(GET|POST)$",
		"$http_origin", "$http_origin = https://a.example", `$http_origin ~* (https?://.*\.a\.example$)`, `$http_origin !~ a\.example`,
		fmt.Sprintf("$cors%d", g.n), fmt.Sprintf("$both%d = preflight", g.n), `$http_origin ~ ^https://(?<who>[a-z.]+)$`, "$arg_q = 1", "$http_cookie ~ sid", "$allow = ''")
	var body []string
	for range 1 + g.IntN(3) {
		body = append(body, g.pick(g.header(), g.header(), g.header(), "set $allow $http_origin;", "set $allow $1;", "set $allow \"${allow}x\";", "return 204;",
			"return 403;", "return 200 ok;", "break;", "more_set_headers 'Access-Control-Allow-Origin: https://m.example';", "proxy_pass http://"+g.upstream+";"))
	}
	return "if (" + condition + ") { " + strings.Join(unique(body), " ") + " }"
}

// unique drops directives that nginx refuses to see twice.
func unique(directives []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, d := range directives {
		name, _, _ := strings.Cut(d, " ")
		switch name {
		case "proxy_pass", "auth_basic", "auth_request", "expires", "proxy_intercept_errors", "limit_except", "satisfy", "root", "alias", "client_max_body_size", "internal;":
			if seen[name] {
				continue
			}
			seen[name] = true
		}
		out = append(out, d)
	}
	return out
}

func (g *generator) location(match, indent string, depth int) string {
	pattern := strings.HasPrefix(match, "~")
	var body []string
	for range g.IntN(5) {
		body = append(body, g.pick(g.header(), g.header(), g.header(), g.branch(), g.branch(), g.branch(), g.setting()))
	}
	body = append(body, g.content(pattern))
	g.Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
	body = unique(body)
	if depth == 0 && !pattern && strings.HasSuffix(match, "/") && !strings.HasPrefix(match, "=") && g.chance(5) {
		path := strings.TrimPrefix(match, "^~ ")
		body = append(body, strings.TrimSpace(g.location(path+g.pick("in/", "x"), indent+"  ", 1)))
		if g.chance(2) {
			body = append(body, strings.TrimSpace(g.location(`~ \.(css|js)$`, indent+"  ", 1)))
		}
	}
	return indent + "location " + match + " {\n" + indent + "  " + strings.Join(body, "\n"+indent+"  ") + "\n" + indent + "}\n"
}

// setting writes a directive that changes how a location answers.
func (g *generator) setting() string {
	return g.pick("more_set_headers 'Access-Control-Allow-Origin: https://m.example';", "more_set_headers -s '404 500' 'Vary: Status';", "more_clear_headers 'Access-Control-*';",
		"proxy_hide_header Access-Control-Allow-Origin;", "proxy_hide_header access-control-allow-origin; proxy_hide_header Vary;", "auth_basic shop; auth_basic_user_file "+g.users+";",
		"limit_except GET POST { deny all; }", "limit_except GET { auth_basic shop; auth_basic_user_file "+g.users+"; }", "error_page 404 /err.html;", "error_page 404 = @named;",
		"error_page 405 =200 $uri;", "error_page 401 403 =204 @named;", "error_page 403 https://login.example/;", "proxy_intercept_errors on;", "expires 1h;", "deny all;",
		"set $allow https://s.example;", "auth_request /auth;", "satisfy any; deny all; auth_basic shop; auth_basic_user_file "+g.users+";", "proxy_redirect off;",
		"gzip on; gzip_vary on;", "index index.html other.html;", "proxy_set_header Origin '';")
}

// content writes what answers in a location.
func (g *generator) content(pattern bool) string {
	proxy := "proxy_pass http://" + g.upstream + ";"
	choices := []string{proxy, proxy, proxy, fmt.Sprintf("proxy_pass http://group%d;", g.n), "return 200 ok;", "return 204;", "return 301 /x;", "return 302 https://$host$request_uri;",
		"return 404;", "return 403 no;", "return 444;", "try_files $uri $uri/ =404;", "try_files $uri /index.html;", "try_files $uri @named;", "try_files $uri $uri/ /cors/fallback?x=1;",
		"", "autoindex on;", "rewrite ^/(.*)$ /z/$1 last;", "rewrite ^ /index.html break;", "rewrite ^/api/(.*)$ /cors/$1 break; " + proxy, "rewrite ^/(\\w+)/(.*) /$2?from=$1 permanent;",
		"rewrite ^/cors https://other.example/ redirect;"}
	if !pattern {
		choices = append(choices, "proxy_pass http://"+g.upstream+"/cors/;", "alias "+g.root+"/dir/;")
	}
	return g.pick(choices...)
}

// request returns a request to the configuration, which listens on a port.
func (g *generator) request(port int) differential.Request {
	host := fmt.Sprintf("s%d.example", g.n)
	r := differential.Request{
		Method: g.pick("GET", "GET", "GET", "OPTIONS", "OPTIONS", "OPTIONS", "POST", "PUT", "HEAD", "DELETE", "PATCH", g.pick("options", "TRACE")),
		Path: g.pick("/", "/api", "/api/", "/api/x", "/api/cors/x", "/a.css", "/dir", "/dir/", "/dir/b.css", "/missing", "/v1/a", "/st/x", "/st/in/", "/cors/e404", "/cors/", "/e404/q", "/e500",
			"/redir", "/z/index.html", "/z/x", "/old/x?q=1", "/api/../dir/", "//api//x", "/empty/", "/api%2Fx?q=1", "/x%20y/x", "/index.html?q=1", "/%zz", "/api/in/"),
	}
	if g.chance(10) {
		host = g.pick(fmt.Sprintf("shop.t%d.example", g.n), fmt.Sprintf("www.s%d.example", g.n))
	}
	if origin := g.pick("", "https://a.example", "https://a.example", "https://b.example", "https://x.a.example", "https://evil.test", "https://x.B.example", "http://shop.c.example", "null",
		"HTTPS://A.EXAMPLE", "https://a.example.evil.test", "https://xa.example"); origin != "" {
		r.Headers = append(r.Headers, [2]string{"Origin", origin})
		if g.chance(30) {
			r.Headers = append(r.Headers, [2]string{"Origin", "https://second.example"})
		}
	}
	if r.Method == "OPTIONS" && g.chance(2) {
		r.Headers = append(r.Headers, [2]string{"Access-Control-Request-Method", "PUT"}, [2]string{"Access-Control-Request-Headers", "authorization"})
	}
	if authorization := g.pick("", "", "", "Basic dTpw"); authorization != "" {
		r.Headers = append(r.Headers, [2]string{"Authorization", authorization})
	}
	if g.chance(8) {
		r.Headers = append(r.Headers, [2]string{"Cookie", "sid=1"})
	}
	r.Host = fmt.Sprintf("%s:%d", host, port)
	r.Headers = append(r.Headers, [2]string{"Content-Length", "0"})
	return r
}
