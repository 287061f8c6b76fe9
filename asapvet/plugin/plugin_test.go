package plugin_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/golangci/plugin-module-register/register"

	"github.com/asap-go/asap/asapvet/plugin"
	"github.com/asap-go/asap/asapvet/suite"
)

func names(t *testing.T, settings any) (list []string) {
	t.Helper()
	p, err := plugin.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	if mode := p.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("load mode %q", mode)
	}
	analyzers, err := p.BuildAnalyzers()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range analyzers {
		list = append(list, a.Name)
	}
	return list
}

func TestSettings(t *testing.T) {
	var usual []string
	for _, a := range suite.Default() {
		usual = append(usual, a.Name)
	}
	if got := names(t, nil); !slices.Equal(got, usual) {
		t.Errorf("without settings %v, want %v", got, usual)
	}
	for _, a := range suite.All() {
		if got := names(t, map[string]any{a.Name: true}); !slices.Contains(got, a.Name) {
			t.Errorf("%s: true: %v", a.Name, got)
		}
		if got := names(t, map[string]any{a.Name: false}); slices.Contains(got, a.Name) {
			t.Errorf("%s: false: %v", a.Name, got)
		}
	}
	for _, settings := range []any{
		map[string]any{"lofty": true}, map[string]any{"waterfall": map[string]any{"tier": "lofty"}},
		map[string]any{"waterfall": map[string]any{"lofty": true}}, map[string]any{"race": 1}, []string{"race"},
	} {
		if _, err := plugin.New(settings); err == nil {
			t.Errorf("New(%v) has no error", settings)
		}
	}
}

// A check that has flags is on.
func TestFlags(t *testing.T) {
	defer suite.Named("waterfall").Flags.Set("tier", "high")
	if got := names(t, map[string]any{"waterfall": map[string]any{"tier": "likely"}}); !slices.Contains(got, "waterfall") {
		t.Errorf("with a flag of waterfall: %v", got)
	}
}

// Golangci-lint finds the plugin by its name.
func TestRegistered(t *testing.T) {
	if _, err := register.GetPlugin("asapvet"); err != nil {
		t.Error(err)
	}
}

func ExampleNew() {
	_, err := plugin.New(map[string]any{"lofty": true})
	fmt.Println(err)
	// Output: asapvet: there is no check lofty
}
