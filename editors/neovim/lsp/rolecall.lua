-- Neovim 0.11 and newer: `vim.lsp.enable("rolecall")` finds this.
return require("rolecall.client").config()
