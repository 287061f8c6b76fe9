// Package plugin makes the checks of asapvet a module plugin of golangci-lint. How it is
// built in, and its settings, are in docs/asapvet.md.
package plugin

import (
	"fmt"
	"maps"
	"slices"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/asap-go/asap/asapvet/suite"
)

// Golangci-lint finds a plugin by what it has registered when it begins.
func init() { register.Plugin("asapvet", New) }

// New returns the plugin with settings as they stand in the configuration: a map of the
// names of checks to true or false, or to a map of their flags, with which they are on.
// Nil are the checks that are on by default.
func New(settings any) (register.LinterPlugin, error) {
	p := &plugin{}
	values, ok := settings.(map[string]any)
	if !ok && settings != nil {
		return nil, fmt.Errorf("asapvet: the settings are a %T; want names of checks and their flags", settings)
	}
	on := make(map[string]bool)
	for _, a := range suite.Default() {
		on[a.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		a := suite.Named(name)
		if a == nil {
			return nil, fmt.Errorf("asapvet: there is no check %s", name)
		}
		switch v := values[name].(type) {
		case bool:
			on[name] = v
		case map[string]any:
			on[name] = true
			for _, option := range slices.Sorted(maps.Keys(v)) {
				if err := a.Flags.Set(option, fmt.Sprint(v[option])); err != nil {
					return nil, fmt.Errorf("asapvet: %s: %s: %w", name, option, err)
				}
			}
		default:
			return nil, fmt.Errorf("asapvet: %s is %v; want true, false or its flags", name, v)
		}
	}
	for _, a := range suite.All() {
		if on[a.Name] {
			p.analyzers = append(p.analyzers, a)
		}
	}
	return p, nil
}

type plugin struct{ analyzers []*analysis.Analyzer }

var _ register.LinterPlugin = (*plugin)(nil)

// BuildAnalyzers returns the checks that are on.
func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) { return p.analyzers, nil }

// GetLoadMode says that the checks need types.
func (p *plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
