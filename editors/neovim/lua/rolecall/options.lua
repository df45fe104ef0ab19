--- What the user set with |rolecall.setup()|, over the defaults.
local M = {}

---@class rolecall.Options
---@field cmd string[] the language server's command line
---@field root_markers string[] what marks a project's folder
---@field settings table Rolecall's settings, by group, as far as an editor may set them
---@field view { kind: "split"|"vsplit"|"float"|"none", size: integer } where answers stream to

---@type rolecall.Options
M.current = {
  cmd = { "rolecall", "lsp" },
  root_markers = { ".git", "pyproject.toml", "package.json", "go.mod", "Cargo.toml" },
  settings = {},
  view = { kind = "split", size = 12 },
}

---@param given table
function M.set(given)
  M.current = vim.tbl_deep_extend("force", M.current, given)
end

--- The command line of `rolecall` itself, for its other commands.
---@param ... string
---@return string[]
function M.command_line(...)
  local words = {}
  for _, word in ipairs(M.current.cmd) do
    if word == "lsp" then
      break
    end
    words[#words + 1] = word
  end
  return vim.list_extend(words, { ... })
end

return M
