package begin

import (
	"fmt"
	"strings"
)

// Layer returns the name and the text of a file that begins to declare a layer.
func Layer(name string) (file, text string, err error) {
	if !isName.MatchString(name) {
		return "", "", fmt.Errorf("--layer %q: want a name of letters, digits, dots, dashes and underscores", name)
	}
	return name + ".layer.yaml", strings.ReplaceAll(layerText, "NAME", name), nil
}

const layerText = `# What NAME answers to browsers. corslint cannot read it, and believes what stands here: corslint request shows what it makes
# of it, and the chain of an API in .corslint.yml names this file.
corslint: layer/v1
name: NAME
# The upstreams, or host:port, that it stands for; without this line, whatever is forwarded to it.
# serves: [NAME, "10.0.0.7:8080"]
answers: # the first that matches answers
  - when: { methods: [OPTIONS] } # a preflight; path: /api/ would be all that begins so
    status: 204
    headers:
      Access-Control-Allow-Origin: https://app.example.com # or "${origin}": whatever the page's origin is
      Access-Control-Allow-Methods: GET, POST, PUT, DELETE
      Access-Control-Allow-Headers: Authorization, Content-Type
      Vary: Origin
  - status: 200
    headers:
      Access-Control-Allow-Origin: https://app.example.com
      Vary: Origin
`
