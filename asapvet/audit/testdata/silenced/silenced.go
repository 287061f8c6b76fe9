// Package silenced has comments of every kind.
package silenced

//asapvet:ignore shout it is loud on purpose
func Shout() {}

//asapvet:ignore shout it was loud once
func Whisper() {}

//asapvet:ignore shout
func ShoutAgain() {}

func ShoutTwice() {} //asapvet:ignore whistle there is no such check

//asapvet:ignore
func ShoutThrice() {}
