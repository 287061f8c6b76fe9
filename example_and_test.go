package asap_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/asap-go/asap"
)

// A parcel has a weight, a height and a width.

func weight(context.Context) (float64, error) { return 1.5, nil }
func height(context.Context) (int, error)     { return 10, nil }
func width(context.Context) (int, error)      { return 20, nil }

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
	carrier := parcel.Race("carrier", func(ctx context.Context, kg float64, h int) (string, error) { return "by bike", nil })
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value(), carrier.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10
	// by bike
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
	carrier := parcel.Race("carrier", func(ctx context.Context, kg float64, h, w int) (string, error) { return "by bike", nil })
	fmt.Println(g.Wait(), booked.Result().Err, print.Value().Err)
	fmt.Print(label.Value(), carrier.Value())
	// Output:
	// <nil> <nil> print: no printer
	// 1.5 10 20
	// by bike
}
