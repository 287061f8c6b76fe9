// A module of its own, so that the zip of the root module is without pictures.
module github.com/asap-go/asap/docs/img

go 1.27
