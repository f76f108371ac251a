module cryptlet.local/cryptlet

go 1.19
