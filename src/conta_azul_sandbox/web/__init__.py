"""What is not the API itself: the token endpoint and the pages that a person sees."""
