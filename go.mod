module github.com/asap-go/asap

go 1.27
