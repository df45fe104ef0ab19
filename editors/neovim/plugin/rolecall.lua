if vim.g.loaded_rolecall then
  return
end
vim.g.loaded_rolecall = true

vim.api.nvim_create_user_command("Rolecall", function(command)
  require("rolecall.command").run(command)
end, {
  nargs = "*",
  range = true,
  desc = "Ask a Rolecall role, or handle its task",
  complete = function(_, line, column)
    return require("rolecall.command").complete(line:sub(1, column))
  end,
})
