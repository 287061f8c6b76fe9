package audit_test

import (
	"fmt"
	"log"
	"time"

	"github.com/asap-go/asap/asapvet/audit"
	"github.com/asap-go/asap/asapvet/suite"
)

// Without a recording, places are ordered by how their calls depend on each other.
func ExampleRun() {
	r, err := audit.Run(audit.Config{Dir: "testdata/orders", Patterns: []string{"./..."}})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range r.Sites {
		fmt.Printf("%s:%d %s: %d levels → %d\n", s.File, s.Line, s.Func, s.Levels[0], s.Levels[1])
	}
	// Output:
	// page.go:32 (*Server).page: 4 levels → 2
	// page.go:66 Two: 2 levels → 1
}

func ExampleReport_Text() {
	r, err := audit.Run(audit.Config{Dir: "testdata/orders", Patterns: []string{"./..."}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(r.Text(1, 80))
	// Output:
	// page.go:32 (*Server).page   4 calls, 4 levels → 2   reached from (*Server).ServeHTTP
	//       before  GetUser    ████████████
	//               ListOffers             ████████████
	//               GetBadge                           ████████████
	//               ListPosts                                      ████████████
	//       after   GetUser    ████████████
	//               ListOffers ████████████
	//               GetBadge   ████████████
	//               ListPosts              ████████████
	//       GetUser, ListOffers and GetBadge need nothing of each other; ListPosts
	//       needs GetUser (user.ID, line 44)
	//
	// … and 1 more; -n 0 prints all
	//
	// 2 sites (2 high) in 3 packages, 163 lines; 1 imported package not found, counted
	// as empty
}

func ExampleReport_Worth() {
	r, err := audit.Run(audit.Config{Dir: "testdata/orders", Patterns: []string{"./..."}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Worth(10 * time.Millisecond)) // nothing is measured: any site of tier high
	// Output: true
}

func ExampleIgnores() {
	list, err := audit.Ignores(audit.Config{Dir: "testdata/orders", Patterns: []string{"./..."}}, suite.All())
	fmt.Println(len(list), err)
	// Output: 0 <nil>
}
