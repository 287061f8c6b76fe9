module github.com/asap-go/asap/asapvet

go 1.27

require (
	golang.org/x/exp v0.0.0-20260727155853-b88d891fe743
	golang.org/x/mod v0.42.0
	golang.org/x/tools v0.52.0
)

require golang.org/x/sync v0.24.0 // indirect
