package order

// ShareTaken is shareTaken for tests.
var ShareTaken = shareTaken
