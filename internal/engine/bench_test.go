package engine_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/rules"
)

const proxyConf = `server {
    listen 80;
    server_name api%d.shop.example;
    location / {
        if ($request_method = 'OPTIONS') {
            add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
            add_header 'Access-Control-Allow-Methods' 'GET, POST, PUT, DELETE, OPTIONS';
            add_header 'Access-Control-Allow-Headers' 'Content-Type,Authorization';
            return 204;
        }
        add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
        add_header 'Access-Control-Allow-Credentials' 'true';
        proxy_pass http://orders:3000;
    }
}
`

const plainConf = `server {
    listen 80;
    server_name www%d.shop.example;
    root /srv/www;
    location / { try_files $uri $uri/ /index.html; }
    location /api/ { proxy_pass http://orders:3000; proxy_set_header Host $host; }
    location ~* \.(css|js|png)$ { expires 30d; }
}
`

// BenchmarkTree measures a run over a tree of nginx files, half of which set CORS headers.
func BenchmarkTree(b *testing.B) {
	const files = 1000
	tree := memory{}
	for i := range files {
		text := plainConf
		if i%2 == 0 {
			text = proxyConf
		}
		name := fmt.Sprintf("d%d/f%d.conf", i/100, i)
		tree[name] = source.NewFile(name, fmt.Appendf(nil, text, i))
	}
	b.ReportAllocs()
	for b.Loop() {
		r := engine.Run(context.Background(), engine.Options{Files: tree, Dialects: []parsers.Dialect{nginx.Dialect{}}, Rules: rules.All()})
		if r.Analyzed != files {
			b.Fatal(r.Analyzed)
		}
	}
	b.ReportMetric(float64(files*b.N)/b.Elapsed().Seconds(), "files/s")
}

// memory is a tree of files in memory.
type memory map[string]*source.File

func (m memory) Open(path string) (*source.File, error) {
	if f, ok := m[path]; ok {
		return f, nil
	}
	return nil, fs.ErrNotExist
}

func (m memory) Has(path string) bool { return m[path] != nil }

func (m memory) Paths(dir string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(p string) bool { return dir != "" && !strings.HasPrefix(p, dir+"/") })
}

func (m memory) WithSuffix(path string) []string {
	return slices.DeleteFunc(m.Paths(""), func(p string) bool { return p != path && !strings.HasSuffix(p, "/"+path) })
}
