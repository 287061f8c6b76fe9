package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/asap-go/asap/waterfall"
)

// diffSummaries tells what has changed between two summaries, group by group.
func diffSummaries(e *env, before, after *waterfall.Summary, top int) error {
	if a, b := before.Build.String(), after.Build.String(); a != b {
		fmt.Fprintf(e.out, "build %s → %s\n\n", printable(a), printable(b))
	}
	names := common(before, after)
	for i, name := range names {
		if i > 0 {
			fmt.Fprintln(e.out)
		}
		c := waterfall.CompareReports(before.Report(name[0]), after.Report(name[1]))
		if err := comparison(e, c, top); err != nil {
			return err
		}
	}
	for _, only := range []struct {
		in, notIn *waterfall.Summary
		what      string
	}{{before, after, "gone"}, {after, before, "new"}} {
		var list []string
		for _, r := range only.in.Reports {
			if !slices.ContainsFunc(names, func(n [2]string) bool { return n[0] == r.Name || n[1] == r.Name }) {
				list = append(list, groupName(r.Name))
			}
		}
		if list != nil {
			fmt.Fprintf(e.out, "\n%s: %s\n", only.what, strings.Join(list, ", "))
		}
	}
	if len(before.Reports)+len(after.Reports) == 0 {
		fmt.Fprintln(e.out, "No run has ended, before or after.")
	}
	return nil
}

// common are the groups that are in both summaries. If each has one group, these
// are compared whatever they are called.
func common(before, after *waterfall.Summary) [][2]string {
	if len(before.Reports) == 1 && len(after.Reports) == 1 {
		return [][2]string{{before.Reports[0].Name, after.Reports[0].Name}}
	}
	var names [][2]string
	for _, r := range after.Reports {
		if slices.ContainsFunc(before.Reports, func(o waterfall.Report) bool { return o.Name == r.Name }) {
			names = append(names, [2]string{r.Name, r.Name})
		}
	}
	return names
}

func groupName(name string) string {
	if name == "" {
		return "(no name)"
	}
	return printable(brief(name))
}

// comparison tells of one group.
func comparison(e *env, c waterfall.Comparison, top int) error {
	name := groupName(c.Before.Name)
	if c.After.Name != c.Before.Name {
		name += " → " + groupName(c.After.Name)
	}
	a, b := c.Before, c.After
	fmt.Fprintf(e.out, "%s: %s → %s, p50 %s → %s, p95 %s → %s, p99 %s → %s\n", name, runs(a.Runs), runs(b.Runs),
		round(a.P50), round(b.P50), round(a.P95), round(b.P95), round(a.P99), round(b.P99))
	words := c.Words()
	for _, line := range words {
		fmt.Fprintln(e.out, printable(line))
	}
	switch {
	case a.Runs == 0 || b.Runs == 0:
		return nil
	case len(words) == 0:
		fmt.Fprintln(e.out, "Nothing has changed by a tenth or more.")
	}
	if len(c.Causes) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(e.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "task\tcritical, runs about p50\tabout p99\tmean of all")
	for i, k := range c.Causes {
		if i == top {
			fmt.Fprintf(w, "%d more\n", len(c.Causes)-top)
			break
		}
		name := printable(brief(k.Name))
		switch {
		case k.Name == "":
			name = "(caller)"
		case k.New:
			name += " (new)"
		case k.Gone:
			name += " (gone)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, signed(round(k.P50)), signed(round(k.P99)), signed(round(k.Mean)))
	}
	return w.Flush()
}
