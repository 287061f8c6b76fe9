module github.com/asap-go/asap/internal/release

go 1.27

require golang.org/x/mod v0.43.0
