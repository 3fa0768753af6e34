"""What runs for each visitor, on each of their clicks; `app.py` serves it."""

from mnist_lab.ui import shell

if __name__ == "__main__":  # worker processes import this file again under another name
    shell.main()
