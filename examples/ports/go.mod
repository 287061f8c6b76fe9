module github.com/asap-go/asap/examples/ports

go 1.27

require (
	github.com/asap-go/asap v0.0.0
	golang.org/x/sync v0.24.0
)

replace github.com/asap-go/asap => ../..
