package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// methodsMax is how many methods a type of the mini cluster may have. Agent and the master's actor once had 138 and 136.
const methodsMax = 40

func TestNoTypeOfTheMiniClusterDoesEverything(t *testing.T) {
	methods := make(map[string]int)
	err := filepath.WalkDir("../../pkg/minicluster", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
				methods[filepath.Dir(path)+" "+receiver(f.Recv.List[0].Type)]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(methods) < 50 {
		t.Errorf("only %d types with methods were found", len(methods))
	}
	for name, n := range methods {
		if n > methodsMax {
			t.Errorf("%s has %d methods, want at most %d: divide it along its nouns", name, n, methodsMax)
		}
	}
}

// receiver names the type of a receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
