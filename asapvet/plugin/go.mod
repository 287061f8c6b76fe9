module github.com/asap-go/asap/asapvet/plugin

go 1.27

require (
	github.com/asap-go/asap/asapvet v0.0.0
	github.com/golangci/plugin-module-register v0.1.2
	golang.org/x/tools v0.52.0
)

require golang.org/x/mod v0.42.0 // indirect

replace github.com/asap-go/asap/asapvet => ../
