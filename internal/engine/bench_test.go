package engine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/corslint/corslint/internal/engine"
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
	const count = 1000
	texts := map[string]string{}
	for i := range count {
		text := plainConf
		if i%2 == 0 {
			text = proxyConf
		}
		texts[fmt.Sprintf("d%d/f%d.conf", i/100, i)] = fmt.Sprintf(text, i)
	}
	files := tree(texts)
	b.ReportAllocs()
	for b.Loop() {
		r := engine.Run(context.Background(), engine.Options{Files: files, Dialects: []parsers.Dialect{nginx.Dialect{}}, Rules: rules.All()})
		if r.Analyzed != count {
			b.Fatal(r.Analyzed)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "files/s")
}
