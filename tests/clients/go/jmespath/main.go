// Command jmespath prints what each expression of its arguments finds in the JSON value on standard input, one line each, with the library
// by which Grafana reads what userinfo says.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/jmespath-community/go-jmespath"
)

func main() {
	var value any
	if err := json.NewDecoder(os.Stdin).Decode(&value); err != nil {
		log.Fatal(err)
	}
	for _, expression := range os.Args[1:] {
		found, err := jmespath.Search(expression, value)
		if err != nil {
			log.Fatal(err)
		}
		line, err := json.Marshal(found)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}
