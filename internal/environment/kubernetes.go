package environment

import (
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/yamltree"
)

// inManifestFolder reports whether a file lies in or below a folder that is kept for manifests.
func inManifestFolder(name string) bool { return manifestHome(name) != parent(name) }

// manifestHome is the directory whose manifests a file is one of: the one that holds the topmost folder kept for them,
// the file's own where there is none.
func manifestHome(name string) string {
	dirs := strings.Split(parent(name), "/")
	i := slices.IndexFunc(dirs, func(d string) bool {
		switch strings.TrimPrefix(strings.ToLower(d), ".") {
		case "k8s", "kube", "kubernetes", "manifests", "deploy", "deployment", "deployments", "infra", "infrastructure", "ops", "kustomize", "chart", "charts", "helm":
			return true
		}
		return false
	})
	if i < 0 {
		return parent(name)
	}
	return strings.Join(dirs[:i], "/")
}

// kubernetes returns the containers of a manifest that run what lies in a directory: all of a manifest that lies there,
// else those that are named after the directory, else those of a workload that is.
func (r *Reader) kubernetes(name, dir string) []Set {
	var sets []Set
	for document := range r.objects(name) {
		template, ok := podTemplate(document)
		if !ok {
			continue
		}
		workload := document.Get("metadata").Get("name").Text()
		belongs := dir == "" || within(name, dir)
		var named, all []yamltree.Node
		for container := range template.Get("spec").Get("containers").Items() {
			image, _, _ := strings.Cut(path.Base(container.Get("image").Text()), "@")
			image, _, _ = strings.Cut(image, ":")
			if isNamedAfter(dir, container.Get("name").Text(), image) {
				named = append(named, container)
			}
			if belongs || isNamedAfter(dir, workload) {
				all = append(all, container)
			}
		}
		if belongs || len(named) == 0 {
			named = all
		}
		for _, container := range named[:min(len(named), maxSets-len(sets))] {
			sets = append(sets, r.container(name, document, workload, container))
		}
	}
	return sets
}

// objects yields the objects of a manifest, those of a List one by one.
func (r *Reader) objects(name string) func(func(yamltree.Node) bool) {
	return func(yield func(yamltree.Node) bool) {
		for _, document := range r.documents(name, "kind:", "apiVersion:") {
			if document.Get("kind").Text() != "List" {
				if !yield(document) {
					return
				}
				continue
			}
			for item := range document.Get("items").Items() {
				if !yield(item) {
					return
				}
			}
		}
	}
}

// podTemplate returns what holds the spec of a workload's pods.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
func podTemplate(object yamltree.Node) (yamltree.Node, bool) {
	switch object.Get("kind").Text() {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
		return object.Get("spec").Get("template"), true
	case "Service": // of Knative; of Kubernetes itself it has no template
		return object.Get("spec").Get("template"), true
	case "CronJob":
		return object.Get("spec").Get("jobTemplate").Get("spec").Get("template"), true
	case "Pod":
		return object, true
	}
	return yamltree.Node{}, false
}

// isNamedAfter reports whether one of some names is that of a directory, or ends in it: shop-api for services/api.
func isNamedAfter(dir string, names ...string) bool {
	return dir != "" && slices.ContainsFunc(names, func(name string) bool {
		return name == path.Base(dir) || strings.HasSuffix(name, "-"+path.Base(dir))
	})
}

// container returns the environment of a container: env wins over envFrom, of which a later source wins.
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.31/#container-v1-core
func (r *Reader) container(file string, object yamltree.Node, workload string, container yamltree.Node) Set {
	name := object.Get("kind").Text() + " " + workload
	if own := container.Get("name").Text(); own != "" && own != workload {
		name += " container " + own
	}
	key, _ := container.Field("name")
	s := Set{Name: path.Base(file) + " " + name, Kind: Kubernetes, Path: file, Span: key.Span()}
	if s.Span.IsZero() {
		s.Span = container.Span()
	}
	for from := range container.Get("envFrom").Items() {
		prefix := from.Get("prefix").Text()
		if secret := from.Get("secretRef").Get("name"); !secret.IsZero() {
			s.Open = "the Secret " + secret.Text()
		}
		if ref := from.Get("configMapRef").Get("name"); !ref.IsZero() {
			data, ok := r.configMap(file, ref.Text())
			if !ok {
				s.Open = "the ConfigMap " + ref.Text()
			}
			for _, v := range data {
				v.Name = prefix + v.Name
				s.Values = append(s.Values, v)
			}
		}
	}
	s.Values = tidy(s.Values)
	given := map[string]Value{} // which references read in order
	for _, v := range s.Values {
		given[v.Name] = v
	}
	for item := range container.Get("env").Items() {
		if len(given) > maxValues {
			break
		}
		v := r.variable(file, item)
		if v.Unknown == "" && strings.Contains(v.Text, "$(") {
			v.Text, v.Unknown = expandKubernetes(v.Text, given)
		}
		given[v.Name] = v
		s.Values = append(s.Values, v)
	}
	return s
}

// variable reads an item of env.
func (r *Reader) variable(file string, item yamltree.Node) Value {
	name := item.Get("name").Text()
	if from := item.Get("valueFrom"); !from.IsZero() {
		for kind, ref := range from.Fields() {
			v := Value{Name: name, Span: ref.Span(), Unknown: "a " + strings.TrimSuffix(strings.TrimSuffix(kind.Text(), "Ref"), "Key")}
			switch kind.Text() {
			case "secretKeyRef":
				v.Unknown = "the Secret " + ref.Get("name").Text()
			case "configMapKeyRef":
				v.Unknown = "the ConfigMap " + ref.Get("name").Text()
				if data, ok := r.configMap(file, ref.Get("name").Text()); ok {
					if value, ok := data[ref.Get("key").Text()]; ok {
						v, v.Name = value, name
					}
				}
			}
			return v
		}
		return Value{Name: name, Span: from.Span(), Unknown: "a source that is not named"}
	}
	if key, value := item.Field("value"); !key.IsZero() {
		return literal(name, value, "a value that is no text")
	}
	return Value{Name: name, Span: item.Get("name").Span()} // without a value it is empty
}

// configMap is the data of a ConfigMap by key.
type configMap map[string]Value

// configMap returns a ConfigMap that stands in a file or in another one of its folder.
func (r *Reader) configMap(file, name string) (configMap, bool) {
	dir := parent(file)
	r.mu.Lock()
	all, done := r.configs[dir]
	r.mu.Unlock()
	if !done {
		all = r.configMaps(dir)
		r.mu.Lock()
		r.configs[dir] = all
		r.mu.Unlock()
	}
	data, ok := all[name]
	return data, ok
}

func (r *Reader) configMaps(dir string) map[string]configMap {
	all := map[string]configMap{}
	left := maxFiles
	for _, name := range r.files.Paths(dir) {
		if parent(name) != dir || kindOf(path.Base(name)) != Kubernetes {
			continue
		}
		if left--; left < 0 {
			break
		}
		for object := range r.objects(name) {
			if object.Get("kind").Text() != "ConfigMap" {
				continue
			}
			data := configMap{}
			for key, value := range object.Get("data").Fields() {
				if len(data) < maxValues {
					data[key.Text()] = literal(key.Text(), value, "a value that is no text")
				}
			}
			all[object.Get("metadata").Get("name").Text()] = data
		}
	}
	return all
}

// expandKubernetes expands $(NAME) to what stands before in the list; $$( is an escape, and a name that is not given
// stays as it is. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
func expandKubernetes(text string, given map[string]Value) (expanded, unknown string) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String(), ""
		}
		switch {
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			text = rest[1:]
			continue
		case strings.HasPrefix(rest, "("):
			name, behind, closed := strings.Cut(rest[1:], ")")
			if v, ok := given[name]; closed && ok {
				if v.Unknown != "" {
					return "", v.Unknown
				}
				b.WriteString(v.Text)
				text = behind
				break
			}
			fallthrough
		default:
			b.WriteByte('$')
			text = rest
		}
		if b.Len() > maxText {
			return "", endless
		}
	}
}
