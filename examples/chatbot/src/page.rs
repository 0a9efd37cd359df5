//! The mapping from the graph's types to those of the chat page.

use crate::graph::{Chatbot, ChatbotInputs};
use burdock_llm::Role;
use burdock_serve::{ChatGraph, ChatMessage, ChatRole};
use chat::state::{Chat, Delta};

impl ChatGraph for Chatbot {
    fn inputs(prompt: String) -> ChatbotInputs {
        ChatbotInputs { prompt }
    }

    fn prompt(inputs: &ChatbotInputs) -> Option<&str> {
        Some(&inputs.prompt)
    }

    fn history(chat: &Chat) -> Vec<ChatMessage> {
        let messages = chat.history.iter().filter_map(|message| {
            let role = match message.role {
                Role::User => ChatRole::User,
                Role::Assistant => ChatRole::Assistant,
                Role::System | Role::Tool => return None,
            };
            Some(ChatMessage::new(role, &*message.text))
        });
        messages.collect()
    }

    fn text(item: &Delta) -> Option<&str> {
        Some(&item.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Chat, ChatGraph, ChatRole, Chatbot};
    use burdock_llm::Message;

    #[test]
    fn the_page_shows_user_and_assistant_messages_only() {
        let mut chat = Chat::default();
        for message in
            [Message::system("Be brief."), Message::user("hi"), Message::assistant("hello")]
        {
            chat.history.push_back(message);
        }
        let shown = Chatbot::history(&chat);
        let roles: Vec<ChatRole> = shown.iter().map(|message| message.role).collect();
        assert_eq!(roles, [ChatRole::User, ChatRole::Assistant]);
        assert_eq!(shown[1].text, "hello");
    }
}
