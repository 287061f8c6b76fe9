// Package recipes has the code of docs/recipes.md, and the tests of it.
package recipes
