package openapi_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// object is a piece of JSON.
type object = map[string]any

// schemas makes JSON schemas of Go types, each named one once.
type schemas struct {
	// comments are the doc comments of package api, by "Type" and "Type.Field".
	comments map[string]string
	made     object
}

func newSchemas(t *testing.T) *schemas {
	t.Helper()
	return &schemas{comments: comments(t), made: maps.Clone(special)}
}

// comments reads the doc comments of package api.
func comments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../../pkg/api/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of package api: %v", err)
	}
	out := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			decl, ok := n.(*ast.GenDecl)
			if !ok {
				return true
			}
			for _, spec := range decl.Specs {
				named, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				out[named.Name.Name] = sentence(decl.Doc)
				if s, ok := named.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						for _, name := range f.Names {
							out[named.Name.Name+"."+name.Name] = sentence(f.Doc)
						}
					}
				}
			}
			return true
		})
	}
	return out
}

func sentence(doc *ast.CommentGroup) string {
	if doc == nil {
		return ""
	}
	return strings.Join(strings.Fields(doc.Text()), " ")
}

// special are types whose JSON is not what their fields are.
var special = object{
	"Time": object{
		"type": "string", "description": "A timestamp in UTC with three fraction digits, as 2026-03-01T12:34:56.789Z; versions are such timestamps.",
	},
	"EnvValue": object{
		"description": "A variable's value: a text, or a reference to a secret.",
		"oneOf":       []any{object{"type": "string"}, object{"type": "object", "required": []any{"secret"}, "properties": object{"secret": object{"type": "string"}}}},
	},
	"Limit": object{
		"description": "A number, or \"unlimited\".", "oneOf": []any{object{"type": "number"}, object{"const": "unlimited"}},
	},
	"UnreachableStrategy": object{
		"description": "What becomes of instances whose agent is unreachable: nothing, or a replacement after the first and oblivion after the second delay.",
		"oneOf": []any{object{"const": "disabled"}, object{
			"type": "object", "properties": object{"inactiveAfterSeconds": object{"type": "integer"}, "expungeAfterSeconds": object{"type": "integer"}},
		}},
	},
	"Error": object{
		"description": "What went wrong, and the way out.", "type": "object", "required": []any{"message"},
		"properties": object{
			"message": object{"type": "string"},
			"details": object{
				"description": "Of a 400 a text, such as the parser's complaint; of a 422 all that is wrong, each with its path, such as /healthChecks(0)/portIndex.",
				"oneOf":       []any{object{"type": "string"}, object{"type": "array", "items": object{"$ref": "#/components/schemas/Detail"}}},
			},
			"deployments": object{
				"description": "Of a 409 the deployments that lock an app; absent when it exists already.",
				"type":        "array", "items": object{"$ref": "#/components/schemas/DeploymentRef"},
			},
		},
	},
}

// enums are the values that a field of an answer may have; in a request they may be in any case.
var enums = map[string][]any{
	"App.KillSelection": {"YOUNGEST_FIRST", "OLDEST_FIRST"}, "Network.Mode": {"host", "container", "container/bridge"},
	"PortDefinition.Protocol": {"tcp", "udp", "udp,tcp"}, "PortMapping.Protocol": {"tcp", "udp", "udp,tcp"},
	"HealthCheck.Protocol":   {"HTTP", "HTTPS", "TCP", "COMMAND", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"},
	"HealthCheck.IPProtocol": {"IPv4", "IPv6"}, "ReadinessCheck.Protocol": {"HTTP", "HTTPS"}, "CheckHTTP.Scheme": {"HTTP", "HTTPS"},
	"Container.Type": {"DOCKER", "MESOS"}, "Volume.Mode": {"RO", "RW"}, "PersistentVolume.Type": {"root", "path", "mount"},
	"IPAddress.Protocol": {"IPv4", "IPv6"}, "Queues.Fairness": {"drf", "fifo"},
}

// of returns the schema of a type: a reference for one with a name. In a request
// every member may be left out, or be null, which is the same.
func (s *schemas) of(t reflect.Type, request bool) object {
	switch kind := t.Kind(); {
	case kind == reflect.Pointer:
		return s.of(t.Elem(), request)
	case kind == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return object{"type": "array", "items": s.of(t.Elem(), request)}
	case kind == reflect.Slice, kind == reflect.Interface:
		return object{} // any JSON
	case kind == reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), request)}
	case special[t.Name()] != nil:
		return object{"$ref": "#/components/schemas/" + t.Name()}
	case kind == reflect.Struct:
		return s.ref(t, request)
	case kind == reflect.String:
		return object{"type": "string"}
	case kind == reflect.Bool:
		return object{"type": "boolean"}
	case kind == reflect.Float64:
		return object{"type": "number"}
	default:
		return object{"type": "integer"}
	}
}

// ref names a struct's schema and makes it if nobody has.
func (s *schemas) ref(t reflect.Type, request bool) object {
	if t.Name() == "" {
		return s.structure(t, request)
	}
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if request {
		name += "Request"
	}
	if s.made[name] == nil {
		s.made[name] = object{} // for types within themselves
		s.made[name] = s.structure(t, request)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (s *schemas) structure(t reflect.Type, request bool) object {
	properties, required := object{}, []any{}
	s.fields(t, request, properties, &required)
	out := object{"type": "object", "properties": properties}
	if doc := s.comments[t.Name()]; doc != "" {
		out["description"] = doc
	}
	if len(required) > 0 && !request {
		out["required"] = required
	}
	return out
}

// fields adds the members of a struct, and those of what it embeds.
func (s *schemas) fields(t reflect.Type, request bool, properties object, required *[]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			if !request || f.Name != "AppState" { // which only the server writes
				s.fields(f.Type, request, properties, required)
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || request && t.Name() == "App" && f.Name == "VersionInfo" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name[:1]) + f.Name[1:]
		}
		schema := s.of(f.Type, request)
		if doc := s.comments[t.Name()+"."+f.Name]; doc != "" {
			schema["description"] = doc
		}
		if values := enums[t.Name()+"."+f.Name]; values != nil && !request {
			schema["enum"] = values
		}
		if request {
			schema = object{"anyOf": []any{schema, object{"type": "null"}}}
		}
		properties[name] = schema
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}

// app is the schema of a definition in a request, with the older members.
func (s *schemas) app() object {
	ref := s.of(reflect.TypeFor[api.App](), true)
	app, _ := s.made["AppRequest"].(object)
	properties, _ := app["properties"].(object)
	for name, schema := range map[string]object{
		"uris":      {"type": "array", "items": object{"type": "string"}, "description": "An older form of fetch."},
		"ports":     {"type": "array", "items": object{"type": "integer"}, "description": "An older form of portDefinitions."},
		"ipAddress": {"type": "object", "description": "An older form of networks and container.portMappings."},
		"storeUrls": {"type": "array", "description": "Ignored.", "items": object{"type": "string"}},
	} {
		schema["deprecated"] = true
		properties[name] = object{"anyOf": []any{schema, object{"type": "null"}}}
	}
	app["description"] = "An app's definition. Members that are left out, or null, get their defaults when it is created and stay as they are in a partial update; " +
		"names of choices may be in any case. Members that nobody knows are ignored, and said in a Warning header."
	return ref
}

func indented(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
