"""The environment: registered under its content, built once, its failure explained."""
