package asap_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
)

// A parcel has a weight, a height, a width, a length, an address and a note.

func weight(context.Context) (float64, error) { return 1.5, nil }
func height(context.Context) (int, error)     { return 10, nil }
func width(context.Context) (int, error)      { return 20, nil }
func length(context.Context) (int, error)     { return 30, nil }
func address(context.Context) (string, error) { return "12 Row", nil }
func note(context.Context) (string, error)    { return "fragile", nil }

var errNoPrinter = errors.New("no printer")

func ExampleAnd2() {
	g := asap.New(context.Background())
	parcel := g.Go("weight", weight).
		And(g.Go("height", height))
	label := parcel.Then("label", func(ctx context.Context, kg float64, h int) (string, error) {
		return fmt.Sprintln(kg, h), nil
	})
	booked := parcel.Do("book", func(ctx context.Context, kg float64, h int) error {
		return nil
	})
	print := parcel.Optional("print", func(ctx context.Context, kg float64, h int) (int, error) {
		return 0, errNoPrinter
	})
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10
}

func ExampleAnd3() {
	g := asap.New(context.Background())
	parcel := g.Go("weight", weight).
		And(g.Go("height", height)).
		And(g.Go("width", width))
	label := parcel.Then("label", func(ctx context.Context, kg float64, h, w int) (string, error) {
		return fmt.Sprintln(kg, h, w), nil
	})
	booked := parcel.Do("book", func(ctx context.Context, kg float64, h, w int) error {
		return nil
	})
	print := parcel.Optional("print", func(ctx context.Context, kg float64, h, w int) (int, error) {
		return 0, errNoPrinter
	})
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10 20
}

func ExampleAnd4() {
	g := asap.New(context.Background())
	parcel := g.Go("weight", weight).
		And(g.Go("height", height)).
		And(g.Go("width", width)).
		And(g.Go("length", length))
	label := parcel.Then("label", func(ctx context.Context, kg float64, h, w, l int) (string, error) {
		return fmt.Sprintln(kg, h, w, l), nil
	})
	booked := parcel.Do("book", func(ctx context.Context, kg float64, h, w, l int) error {
		return nil
	})
	print := parcel.Optional("print", func(ctx context.Context, kg float64, h, w, l int) (int, error) {
		return 0, errNoPrinter
	})
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10 20 30
}

func ExampleAnd5() {
	g := asap.New(context.Background())
	parcel := g.Go("weight", weight).
		And(g.Go("height", height)).
		And(g.Go("width", width)).
		And(g.Go("length", length)).
		And(g.Go("address", address))
	label := parcel.Then("label", func(ctx context.Context, kg float64, h, w, l int, to string) (string, error) {
		return fmt.Sprintln(kg, h, w, l, to), nil
	})
	booked := parcel.Do("book", func(ctx context.Context, kg float64, h, w, l int, to string) error {
		return nil
	})
	print := parcel.Optional("print", func(ctx context.Context, kg float64, h, w, l int, to string) (int, error) {
		return 0, errNoPrinter
	})
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10 20 30 12 Row
}

func ExampleAnd6() {
	g := asap.New(context.Background())
	parcel := g.Go("weight", weight).
		And(g.Go("height", height)).
		And(g.Go("width", width)).
		And(g.Go("length", length)).
		And(g.Go("address", address)).
		And(g.Go("note", note))
	label := parcel.Then("label", func(ctx context.Context, kg float64, h, w, l int, to, n string) (string, error) {
		return fmt.Sprintln(kg, h, w, l, to, n), nil
	})
	booked := parcel.Do("book", func(ctx context.Context, kg float64, h, w, l int, to, n string) error {
		return nil
	})
	print := parcel.Optional("print", func(ctx context.Context, kg float64, h, w, l int, to, n string) (int, error) {
		return 0, errNoPrinter
	})
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10 20 30 12 Row fragile
}
