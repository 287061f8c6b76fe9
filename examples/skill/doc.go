// Package skill has the code of skills/asap/SKILL.md, the forms that are incorrect and
// those that are correct, and the tests of both.
package skill
