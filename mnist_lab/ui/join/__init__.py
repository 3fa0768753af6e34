"""The page for phones: join a class and do what the teacher starts."""
