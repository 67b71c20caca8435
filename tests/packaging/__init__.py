"""The two commands, the frozen build, the workflows and the documents."""
