--- `:Rolecall`: its words, and their completion.
local client = require("rolecall.client")
local roles = require("rolecall.roles")
local running = require("rolecall.running")
local tasks = require("rolecall.tasks")

local M = {}

local function any()
  return true
end

--- Verbs that take a task's id, and which tasks they are for; without an id, the newest of those.
local VERBS = {
  cancel = tasks.is_running,
  apply = tasks.has_proposal,
  discard = tasks.has_proposal,
  diff = any,
  result = any,
  revert = function(task)
    return task.result ~= nil and task.result.applied
  end,
}
local PLAIN = { tasks = true, log = true }

---@param command table what |nvim_create_user_command()| hands over
function M.run(command)
  local words = command.fargs
  local verb = words[1]
  if PLAIN[verb] then
    running[verb]()
  elseif VERBS[verb] then
    M.handle(verb, words[2])
  elseif verb then
    M.ask(command)
  else
    running.pick(M.range(command))
  end
end

--- The lines the command was given; none means the whole file.
function M.range(command)
  return command.range > 0 and { command.line1, command.line2 } or nil
end

---@param verb string
---@param id string?
function M.handle(verb, id)
  local task = not id and tasks.newest(VERBS[verb])
  id = id or (task and task.id)
  if id then
    running[verb](id)
  else
    client.tell("there is no task to " .. verb .. ".", vim.log.levels.WARN)
  end
end

--- `:Rolecall {role} [{task}] [{instruction}]`. `--` before the instruction keeps its first word from being a task.
function M.ask(command)
  local id, rest = command.args:match("^(%S+)%s*(.*)$")
  local role = roles.get(id)
  if not role then
    return client.tell(("there is no role %s; <Tab> completes those there are."):format(id), vim.log.levels.ERROR)
  end
  local word, instruction = rest:match("^(%S+)%s*(.*)$")
  local run = { role = id, range = M.range(command) }
  if word and word ~= "--" and roles.task(role, word) then
    run.task, run.instruction = word, instruction
  else
    run.instruction = word == "--" and instruction or rest
  end
  if run.task or run.instruction ~= "" then
    return running.run(run)
  end
  vim.ui.input({ prompt = role.title .. ": " }, function(words)
    if words and words ~= "" then
      run.instruction = words
      running.run(run)
    end
  end)
end

function M.role_ids()
  return vim.tbl_map(function(role)
    return role.id
  end, roles.all())
end

local function ids(holds)
  return vim.tbl_map(function(task)
    return task.id
  end, vim.tbl_filter(holds, tasks.all))
end

--- What can stand at the end of a command line.
---@param line string up to the cursor
---@return string[]
function M.complete(line)
  local words = vim.split(line:gsub("^.-Rolecall%s+", "", 1), "%s+")
  local found = {}
  if #words == 1 then
    found = vim.list_extend(M.role_ids(), vim.list_extend(vim.tbl_keys(VERBS), vim.tbl_keys(PLAIN)))
  elseif #words == 2 and VERBS[words[1]] then
    found = ids(VERBS[words[1]])
  elseif #words == 2 then
    local role = roles.get(words[1])
    for _, task in ipairs(role and role.tasks or {}) do
      table.insert(found, task.id)
    end
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, words[#words])
  end, found)
end

return M
