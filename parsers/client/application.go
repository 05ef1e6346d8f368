package client

import (
	"bytes"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
)

// This file decides whether code runs in a browser. Where that is in doubt it does not: a call that a server makes has nothing
// to do with CORS.

// application is a folder with a package.json, or the root.
type application struct {
	dir     string
	browser bool // depends on what only pages use
	bundled bool // is bundled, maybe for pages
	server  bool // depends on what only servers use
	other   bool // runs where the rules of browsers do not hold: a native application, an extension
	next    bool // Next.js: what is not said to run in the browser runs on the server
	remix   bool

	once      sync.Once // for what follows
	importers map[string][]string
	imports   map[string][]string
	speaks    map[string]bool // files that send requests themselves
	setters   []string        // files that set something for all requests of axios
	// intercepts: code of Angular's changes requests before they are sent.
	intercepts bool

	speakersOnce sync.Once
	speakers     map[string][]string

	proxiesOnce sync.Once
	proxies     []contract.Proxy
}

var (
	browserPackages = []string{"react", "react-dom", "vue", "svelte", "@angular/core", "preact", "solid-js", "lit", "jquery", "nuxt", "gatsby", "@sveltejs/kit", "ember-source", "backbone", "alpinejs",
		"@remix-run/react", "react-scripts", "@vue/cli-service", "angular", "aurelia-framework", "mithril", "htmx.org", "stimulus", "@hotwired/stimulus", "next", "astro", "umi", "@builder.io/qwik"}
	bundlers       = []string{"vite", "webpack", "parcel", "parcel-bundler", "rollup", "@rsbuild/core", "snowpack", "laravel-mix", "browserify", "@web/dev-server"}
	serverPackages = []string{"express", "koa", "fastify", "@nestjs/core", "hono", "@hapi/hapi", "hapi", "restify", "polka", "apollo-server", "@apollo/server", "mongoose", "pg", "mysql2", "sequelize"}
	otherPackages  = []string{"react-native", "expo", "nativescript-vue", "@nativescript/core", "webextension-polyfill", "@crxjs/vite-plugin", "wxt", "plasmo", "@types/chrome",
		"@tarojs/taro", "@dcloudio/uni-app", "web-ext", "obsidian", "@types/vscode", "@raycast/api"}
)

// manifest is what of a package.json counts here.
type manifest struct {
	Dependencies map[string]string `json:"dependencies"`
	Development  map[string]string `json:"devDependencies"`
	Peer         map[string]string `json:"peerDependencies"`
	Proxy        json.RawMessage   `json:"proxy"`
}

func (m *manifest) hasAny(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return m.Dependencies[name] != "" || m.Development[name] != "" || m.Peer[name] != ""
	})
}

// application returns the application that a file belongs to: the nearest folder above it whose package.json names something of
// which one can tell, else the nearest one.
func (r *reader) application(file string) *application {
	dir := parent(file)
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.applications[dir]; a != nil {
		return a
	}
	var nearest *application
	for at := dir; ; at = parent(at) {
		if a := r.packaged(at); a != nil {
			if a.browser || a.bundled || a.server || a.other {
				nearest = a
				break
			}
			if nearest == nil {
				nearest = a
			}
		}
		if at == "" {
			break
		}
	}
	if nearest == nil {
		nearest = &application{}
	}
	r.applications[dir] = nearest
	return nearest
}

// packaged reads the package.json of a folder; nil where there is none.
func (r *reader) packaged(dir string) *application {
	if a, known := r.packages[dir]; known {
		return a
	}
	var a *application
	name := path.Join(dir, "package.json")
	if r.files.Has(name) {
		a = &application{dir: dir}
		var m manifest
		if f, err := r.files.Open(name); err == nil && len(f.Data) <= 1<<20 && json.Unmarshal(bytes.TrimPrefix(f.Data, []byte("\uFEFF")), &m) == nil {
			a.browser, a.bundled, a.server, a.other = m.hasAny(browserPackages), m.hasAny(bundlers), m.hasAny(serverPackages), m.hasAny(otherPackages)
			a.next, a.remix = m.hasAny([]string{"next"}), m.hasAny([]string{"@remix-run/react", "@remix-run/node", "@react-router/node"})
		}
		for _, at := range []string{"manifest.json", "public/manifest.json", "src/manifest.json"} {
			a.other = a.other || r.extension(path.Join(dir, at))
		}
	}
	r.packages[dir] = a
	return a
}

// extension reports whether a file is the manifest of a browser's extension, whose requests go where it has permission.
func (r *reader) extension(name string) bool {
	if !r.files.Has(name) {
		return false
	}
	f, err := r.files.Open(name)
	return err == nil && bytes.Contains(f.Data, []byte(`"manifest_version"`))
}

// parent is the folder of a path, "" for the root.
func parent(name string) string {
	if dir := path.Dir(name); dir != "." && dir != "/" {
		return dir
	}
	return ""
}

// elsewhere are folders whose files do not run in the browser, or are nobody's to mend.
var elsewhere = []string{"__tests__", "__mocks__", "test", "tests", "spec", "specs", "e2e", "cypress", "playwright", "mocks", "mock", "fixtures", "stories", "storybook", ".storybook",
	"scripts", "script", "bin", "tools", "cli", "server", "servers", "backend", "lambda", "lambdas", "functions", "netlify", "edge-functions", "supabase", "electron", "migrations", "seeds", "seeders",
	"dist", "build", "out", ".next", ".nuxt", ".svelte-kit", ".output", "coverage", "node_modules", "bower_components", "third_party", "vendors", "templates", "__fixtures__", "benchmarks", "benchmark"}

// candidate reports from its path alone whether a file may be client code.
func candidate(name string) bool {
	ext := path.Ext(name)
	if ext != ".vue" && ext != ".svelte" && !script.Is(name) || ext == ".cts" || ext == ".cjs" {
		return false
	}
	base := strings.ToLower(path.Base(name))
	for _, mark := range []string{".test.", ".spec.", ".stories.", ".story.", ".mock.", ".e2e.", ".cy.", ".min.", ".config.", ".server.", ".bundle.", ".setup."} {
		if strings.Contains(base, mark) {
			return false
		}
	}
	stem, _, _ := strings.Cut(base, ".")
	switch stem {
	case "gulpfile", "gruntfile", "server", "setupproxy", "setuptests", "gatsby-node", "gatsby-config", "gatsby-ssr", "middleware", "+server", "jest", "karma", "protractor":
		return false
	}
	for dir := range strings.SplitSeq(path.Dir(name), "/") {
		if slices.Contains(elsewhere, strings.ToLower(dir)) {
			return false
		}
	}
	return true
}

var (
	// onServer is what only code of a server has, or of a test, or of what is no page.
	onServer = regexp.MustCompile(`(?:from|require\(|import\()\s*["'](?:node:[\w/]+|fs|fs/promises|fs-extra|http|https|http2|child_process|net|tls|os|worker_threads|cluster|readline|dotenv|express|koa|fastify|hono|` +
		`@nestjs/[\w-]+|@hapi/[\w-]+|node-fetch|undici|got|aws-lambda|@aws-sdk/[\w-]+|@vercel/node|@netlify/functions|firebase-functions|firebase-admin|next/server|next/headers|server-only|mongoose|pg|mysql2?|` +
		`electron|react-native|expo[\w-]*|@playwright/test|puppeteer|vitest|@jest/globals|chai|supertest|msw|nock|commander|yargs|inquirer|vscode|@raycast/api|@remix-run/(?:node|server-runtime)|@sveltejs/kit/node|h3)["'/]` +
		`|^#!|process\.(?:exit|argv|stdout)\b|\b__dirname\b|module\.exports\.handler|exports\.handler\s*=|\bDeno\.|\bchrome\.(?:runtime|tabs|storage)\b|\bbrowser\.runtime\b|\baddEventListener\(\s*["']fetch["']|` +
		`\basync\s+fetch\s*\(\s*request\b|\bimportScripts\(|\bGM_xmlhttpRequest\b|\bdefineEventHandler\(|\$env/(?:static|dynamic)/private`)
	useServer = regexp.MustCompile(`(?m)^\s*["']use server["']`)
	useClient = regexp.MustCompile(`(?m)^\s*["']use client["']`)
	// inPage is what code of a page has.
	inPage = regexp.MustCompile(`(?:from|require\()\s*["'](?:react|react-dom|vue|svelte|@angular/[\w-]+|preact|solid-js|lit|jquery|@vue/[\w-]+|react-router[\w-]*|vue-router|pinia|vuex|zustand|react-redux|@reduxjs/toolkit|react-query|@tanstack/[\w-]+|swr)["'/]` +
		`|\bdocument\.(?:getElement|querySelector|createElement|addEventListener|cookie|body)|\bwindow\.\w|\blocalStorage\b|\bsessionStorage\b|\$\(\s*(?:document|["'])|\bimport\.meta\.env\b|\bprocess\.env\.(?:REACT_APP|VUE_APP|NEXT_PUBLIC|VITE)_`)
	hooks  = regexp.MustCompile(`\buse(?:State|Effect|Query|Mutation|SWR|Callback|Reducer|LayoutEffect)\s*[(<]`)
	onNode = regexp.MustCompile(`\brequire\(|\bmodule\.exports\b|\bprocess\.`)
)

// runsInPage reports whether a file runs in a page.
func (r *reader) runsInPage(f *source.File) bool {
	if onServer.Match(f.Data) || useServer.Match(f.Data) {
		return false
	}
	a := r.application(f.Path)
	rel := strings.TrimPrefix(strings.TrimPrefix(f.Path, a.dir), "/")
	base := path.Base(f.Path)
	if a.other || strings.HasPrefix(rel, "api/") || strings.Contains(rel, "pages/api/") || strings.Contains(rel, "routes/api/") {
		return false
	}
	ext := path.Ext(f.Path)
	if ext == ".vue" || ext == ".svelte" {
		return true
	}
	own := inPage.Match(f.Data) || ext == ".jsx" || ext == ".tsx" || a.browser && inClientFolder(rel)
	switch {
	case a.next:
		if strings.HasPrefix(base, "route.") {
			return false
		}
		if useClient.Match(f.Data) {
			return true
		}
		if strings.HasPrefix(rel, "app/") || strings.HasPrefix(rel, "src/app/") {
			return false
		}
		return hooks.Match(f.Data) || bytes.Contains(f.Data, []byte("localStorage")) || bytes.Contains(f.Data, []byte("document."))
	case a.browser && !a.server:
		return true
	case a.browser:
		return own
	case a.server:
		return own && r.named(f.Path)
	case a.bundled:
		return own || r.hasPage(a.dir)
	}
	return (own || !onNode.Match(f.Data)) && r.named(f.Path)
}

// inClientFolder reports whether a path has a folder that people keep client code in, beside that of a server.
func inClientFolder(rel string) bool {
	for dir := range strings.SplitSeq(parent(rel), "/") {
		switch strings.ToLower(dir) {
		case "client", "frontend", "front", "web", "webapp", "ui", "components", "views", "hooks", "composables", "containers", "screens", "sagas", "store", "stores":
			return true
		}
	}
	return false
}

// hasPage reports whether a folder holds the page that a bundle is for.
func (r *reader) hasPage(dir string) bool {
	return slices.ContainsFunc([]string{"index.html", "public/index.html", "src/index.html"}, func(name string) bool { return r.files.Has(path.Join(dir, name)) })
}

const (
	maxPages    = 20 // HTML files that are looked at
	maxPageSize = 1 << 20
)

// named reports whether an HTML file in the folder of a script, or up to two above it, names the script.
func (r *reader) named(file string) bool {
	r.pages.Do(func() {
		r.pagesIn = map[string][]string{}
		for _, name := range r.files.Paths("") {
			if ext := path.Ext(name); ext == ".html" || ext == ".htm" {
				r.pagesIn[parent(name)] = append(r.pagesIn[parent(name)], name)
			}
		}
	})
	base := []byte(path.Base(file))
	looked := 0
	dir := parent(file)
	for range 3 {
		for _, name := range r.pagesIn[dir] {
			if looked++; looked > maxPages {
				return false
			}
			if f, err := r.files.Open(name); err == nil && len(f.Data) <= maxPageSize && bytes.Contains(f.Data, base) {
				return true
			}
		}
		if dir == "" {
			break
		}
		dir = parent(dir)
	}
	return false
}

// serverFunctions are those that frameworks call on the server.
var serverFunctions = map[string]bool{"getServerSideProps": true, "getStaticProps": true, "getStaticPaths": true, "getInitialProps": true, "generateMetadata": true, "generateStaticParams": true, "asyncData": false}

// onServerSide reports whether a call lies in a function that a framework calls on the server.
func (a *application) onServerSide(fn *function) bool {
	for ; fn != nil; fn = fn.parent {
		if serverFunctions[fn.name] || a.remix && (fn.name == "loader" || fn.name == "action") && fn.parent == nil {
			return true
		}
	}
	return false
}
