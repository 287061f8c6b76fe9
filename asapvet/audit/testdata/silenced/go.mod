module example.org/silenced

go 1.27
