"""The browser side: the only subpackage that imports streamlit."""
