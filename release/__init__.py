"""What a release needs beside the program: reproducible files, a bill of materials, licences, known vulnerabilities."""
