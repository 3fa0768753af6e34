"""MNIST Lab in the browser: streamlit run app.py"""

from mnist_lab.ui import shell

if __name__ == "__main__":  # worker processes import this file again under another name
    shell.main()
