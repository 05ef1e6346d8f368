package playground

import (
	"embed"
	"io"
	"io/fs"
	"net"
	"net/http"
	"time"
)

//go:embed static
var embedded embed.FS

// Static returns the page's files: index.html and what it loads.
func Static() fs.FS {
	static, err := fs.Sub(embedded, "static")
	if err != nil { // it is embedded under that name
		panic(err)
	}
	return static
}

// contentPolicy lets the page load what lies beside it and nothing else, as index.html says, too.
const contentPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page and answers its questions. It is for the user of this machine alone: a request that names another
// host, or comes from a page of another origin, is refused.
func (a *Analyst) Handler() http.Handler {
	mux := http.NewServeMux()
	files := http.FileServerFS(Static())
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", contentPolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
	mux.HandleFunc("POST /answer", func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuestion))
		if err != nil {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(a.AnswerJSON(r.Context(), question)) // a page that has gone needs no answer
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if ip := net.ParseIP(name); name != "localhost" && (ip == nil || !ip.IsLoopback()) { // DNS that leads here
			http.Error(w, "not for "+r.Host, http.StatusMisdirectedRequest)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
			http.Error(w, "not for "+origin, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Server returns a server of the handler that gives up on clients that dawdle.
func (a *Analyst) Server() *http.Server {
	return &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
}
