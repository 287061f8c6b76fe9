module example.org/orders

go 1.27

require example.org/lost v1.2.0
