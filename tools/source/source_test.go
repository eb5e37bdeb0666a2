package source

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoadLeavesOutWhatNobodyWrote(t *testing.T) {
	t.Parallel()
	tree, err := Load(fstest.MapFS{
		"go.mod":                {Data: []byte("module foyer\n")},
		"internal/a/a.go":       {Data: []byte("package a\n")},
		"internal/a/a_test.go":  {Data: []byte("package a\n")},
		"internal/a/_old.go":    {Data: []byte("not Go")},
		"a/testdata/bad.go":     {Data: []byte("not Go")},
		".cache/bad.go":         {Data: []byte("not Go")},
		"web/node_modules/x.go": {Data: []byte("not Go")},
		"tools/lint/go.mod":     {Data: []byte("module other\n")},
		"tools/lint/x.go":       {Data: []byte("not Go")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range tree.Files {
		got = append(got, f.Path)
	}
	if s := strings.Join(got, " "); s != "internal/a/a.go internal/a/a_test.go" {
		t.Fatalf("read %q", s)
	}
}

func TestLoadNamesTheFileThatDoesNotParse(t *testing.T) {
	t.Parallel()
	_, err := Load(fstest.MapFS{"a/broken.go": {Data: []byte("package")}})
	if err == nil || !strings.Contains(err.Error(), "a/broken.go") {
		t.Fatalf("err = %v", err)
	}
}

func TestImportsKnowsNamesAndVersions(t *testing.T) {
	t.Parallel()
	tree, err := Load(fstest.MapFS{"a.go": {Data: []byte(`package a
import (
	"math/rand/v2"
	sq "database/sql"
)
`)}})
	if err != nil {
		t.Fatal(err)
	}
	got := tree.Files[0].Imports()
	if got["rand"] != "math/rand/v2" || got["sq"] != "database/sql" {
		t.Fatalf("imports = %v", got)
	}
}
